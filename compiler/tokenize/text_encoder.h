#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/support/result.h"
#include "compiler/vocabulary/tokenizer.h"

namespace inarch {

/// The tokens that a model's tokenizer puts around a text.
enum class SpecialTokens : std::uint8_t {
  as_model,  // as AutoTokenizer(text) of transformers does
  none,      // add_special_tokens=False
  bos,       // none, with the text of the bos token written before the text: exactly one bos
};

/// What a tokenizer_config.json says besides.
struct EncoderSettings {
  std::string bos;      // the text of the token; "" when there is none
  bool add_bos = true;  // of a tokenizer.model: a tokenizer.json says itself what is added
  bool add_eos = false;
};
/// The settings of a tokenizer_config.json.
EncoderSettings read_encoder_settings(const Value& tokenizer_config);

/// Turns texts into token ids as the model's own tokenizer does. Can be used from several threads.
class TextEncoder {
 public:
  /// Of a tokenizer.json: BPE, Unigram, WordLevel and WordPiece. E542 for what is no tokenizer,
  /// E591 for what it asks for and is not known here, E592 for its patterns.
  static Result<TextEncoder> from_json(std::string_view text, const EncoderSettings& settings = {});
  /// Of a tokenizer.model, which is sentencepiece's. E591 when it is none.
  static Result<TextEncoder> from_sentencepiece(std::string_view bytes,
                                                const EncoderSettings& settings = {});

  /// E592 when a pattern takes too long, E593 when the text is no UTF-8 or has what the tokenizer
  /// has no token for.
  Result<std::vector<std::int64_t>> encode(std::string_view text, SpecialTokens special) const;

  /// What makes the ids of a text without any special tokens around it.
  class Engine {
   public:
    virtual ~Engine() = default;
    virtual Status encode(std::string_view text, std::vector<std::int64_t>& ids) const = 0;
    /// With those that the model puts around it.
    virtual void frame(std::vector<std::int64_t>& ids) const = 0;
    /// Of SpecialTokens::bos.
    virtual Status encode_behind_bos(std::string_view text,
                                     std::vector<std::int64_t>& ids) const = 0;
  };

 private:
  explicit TextEncoder(std::shared_ptr<const Engine> engine) : engine_(std::move(engine)) {}

  std::shared_ptr<const Engine> engine_;
};

}  // namespace inarch
