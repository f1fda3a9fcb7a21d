#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/support/result.h"
#include "compiler/vocabulary/tokenizer.h"

namespace inarch {

/// What makes tokens of a piece of text.
class TokenModel {
 public:
  virtual ~TokenModel() = default;
  /// Adds the ids of the piece, which is UTF-8. E593 where the model has no token for what it does
  /// not know.
  virtual Status tokenize(std::string_view piece, std::vector<std::int64_t>& ids) const = 0;
};

/// `model` of a tokenizer.json. E591 for one of a kind or with a setting that is not known. The
/// model keeps nothing of the tokenizer.
Result<std::unique_ptr<TokenModel>> make_token_model(const Tokenizer& tokenizer);

Result<std::unique_ptr<TokenModel>> make_bpe_model(const Tokenizer& tokenizer);
Result<std::unique_ptr<TokenModel>> make_unigram_model(const Tokenizer& tokenizer);
Result<std::unique_ptr<TokenModel>> make_word_level_model(const Tokenizer& tokenizer);
Result<std::unique_ptr<TokenModel>> make_word_piece_model(const Tokenizer& tokenizer);

/// The ids of a model's own vocabulary, by text.
using TokenIds = std::unordered_map<std::string, std::int64_t>;
TokenIds ordinary_ids(const Tokenizer& tokenizer);
/// The id, or -1.
std::int64_t id_of(const TokenIds& ids, const std::string& text);
/// The tokens "<0x41>" of bytes, or nothing when one of them is no token.
std::vector<std::int64_t> byte_ids(const TokenIds& ids, std::string_view bytes);
/// E593: a piece has what is no token, and there is none for that.
Diagnostic no_unknown_token(std::string_view text);

}  // namespace inarch
