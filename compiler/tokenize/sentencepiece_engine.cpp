#include <fmt/format.h>
#include <sentencepiece_processor.h>

#include "compiler/tokenize/text_encoder.h"

namespace inarch {

namespace {

class SentencePieceEngine : public TextEncoder::Engine {
 public:
  SentencePieceEngine(std::unique_ptr<sentencepiece::SentencePieceProcessor> processor,
                      const EncoderSettings& settings)
      : processor_(std::move(processor)), settings_(settings) {}

  Status encode(std::string_view text, std::vector<std::int64_t>& ids) const override {
    std::vector<int> found;
    const auto status = processor_->Encode({text.data(), text.size()}, &found);
    if (!status.ok()) {
      return error("E593",
                   fmt::format("sentencepiece cannot encode a text: {}", status.error_message()));
    }
    ids.insert(ids.end(), found.begin(), found.end());
    return {};
  }

  void frame(std::vector<std::int64_t>& ids) const override {
    if (settings_.add_bos && processor_->bos_id() >= 0)
      ids.insert(ids.begin(), processor_->bos_id());
    if (settings_.add_eos && processor_->eos_id() >= 0) ids.push_back(processor_->eos_id());
  }

  /// A bos token cannot be written in a text of sentencepiece.
  Status encode_behind_bos(std::string_view text, std::vector<std::int64_t>& ids) const override {
    if (processor_->bos_id() >= 0) ids.push_back(processor_->bos_id());
    return encode(text, ids);
  }

 private:
  std::unique_ptr<sentencepiece::SentencePieceProcessor> processor_;
  EncoderSettings settings_;
};

}  // namespace

Result<TextEncoder> TextEncoder::from_sentencepiece(std::string_view bytes,
                                                    const EncoderSettings& settings) {
  auto processor = std::make_unique<sentencepiece::SentencePieceProcessor>();
  const auto status = processor->LoadFromSerializedProto({bytes.data(), bytes.size()});
  if (!status.ok()) return error("E591", "a tokenizer.model is no model of sentencepiece");
  return TextEncoder(std::make_shared<const SentencePieceEngine>(std::move(processor), settings));
}

}  // namespace inarch
