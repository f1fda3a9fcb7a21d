#include "compiler/tokenize/token_model.h"

#include <fmt/format.h>

#include "compiler/support/text.h"
#include "compiler/tokenize/step_fields.h"

namespace inarch {

namespace {

/// A piece is a token, or unknown.
class WordLevelModel : public TokenModel {
 public:
  WordLevelModel(TokenIds ids, std::int64_t unknown) : ids_(std::move(ids)), unknown_(unknown) {}

  Status tokenize(std::string_view piece, std::vector<std::int64_t>& ids) const override {
    const std::int64_t id = id_of(ids_, std::string(piece));
    if (id < 0 && unknown_ < 0) return no_unknown_token(piece);
    ids.push_back(id < 0 ? unknown_ : id);
    return {};
  }

 private:
  TokenIds ids_;
  std::int64_t unknown_;
};

/// The longest token that a word begins with, and so on; a word that no tokens make up is unknown.
class WordPieceModel : public TokenModel {
 public:
  WordPieceModel(TokenIds ids, std::int64_t unknown, std::string prefix, std::int64_t longest)
      : ids_(std::move(ids)), unknown_(unknown), prefix_(std::move(prefix)), longest_(longest) {}

  Status tokenize(std::string_view piece, std::vector<std::int64_t>& ids) const override {
    std::vector<std::int64_t> found;
    if (!take_apart_word(piece, found)) {
      if (unknown_ < 0) return no_unknown_token(piece);
      found = {unknown_};
    }
    ids.insert(ids.end(), found.begin(), found.end());
    return {};
  }

 private:
  bool take_apart_word(std::string_view word, std::vector<std::int64_t>& found) const {
    std::int64_t characters = 0;
    for (const char c : word)
      characters += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
    if (characters > longest_) return false;
    for (std::size_t at = 0; at < word.size();) {
      std::size_t end = word.size();
      std::int64_t id = -1;
      for (; end > at; --end) {
        id = id_of(ids_, (at > 0 ? prefix_ : "") + std::string(word.substr(at, end - at)));
        if (id >= 0) break;
      }
      if (id < 0) return false;
      found.push_back(id);
      at = end;
    }
    return true;
  }

  TokenIds ids_;
  std::int64_t unknown_;
  std::string prefix_;
  std::int64_t longest_;
};

const Value& model_of(const Tokenizer& tokenizer) { return *tokenizer.document.find("model"); }

std::int64_t unknown_id(const Tokenizer& tokenizer, const TokenIds& ids) {
  const auto text = step_text(model_of(tokenizer), "unk_token");
  return text ? id_of(ids, *text) : -1;
}

}  // namespace

Result<std::unique_ptr<TokenModel>> make_token_model(const Tokenizer& tokenizer) {
  switch (tokenizer.kind) {
    case TokenizerKind::bpe:
      return make_bpe_model(tokenizer);
    case TokenizerKind::unigram:
      return make_unigram_model(tokenizer);
    case TokenizerKind::word_level:
      return make_word_level_model(tokenizer);
    case TokenizerKind::word_piece:
      return make_word_piece_model(tokenizer);
  }
  return unknown_step("model", name(tokenizer.kind));
}

Result<std::unique_ptr<TokenModel>> make_word_level_model(const Tokenizer& tokenizer) {
  TokenIds ids = ordinary_ids(tokenizer);
  const std::int64_t unknown = unknown_id(tokenizer, ids);
  return std::unique_ptr<TokenModel>(std::make_unique<WordLevelModel>(std::move(ids), unknown));
}

Result<std::unique_ptr<TokenModel>> make_word_piece_model(const Tokenizer& tokenizer) {
  TokenIds ids = ordinary_ids(tokenizer);
  const std::int64_t unknown = unknown_id(tokenizer, ids);
  const Value& model = model_of(tokenizer);
  const Value* longest = model.find("max_input_chars_per_word");
  return std::unique_ptr<TokenModel>(std::make_unique<WordPieceModel>(
      std::move(ids), unknown, step_text(model, "continuing_subword_prefix").value_or("##"),
      longest && longest->if_int() ? *longest->if_int() : 100));
}

TokenIds ordinary_ids(const Tokenizer& tokenizer) {
  TokenIds ids;
  ids.reserve(tokenizer.tokens.size());
  for (const VocabularyToken& token : tokenizer.tokens) {
    if (token.is_ordinary) ids.emplace(token.text, token.id);
  }
  return ids;
}

std::int64_t id_of(const TokenIds& ids, const std::string& text) {
  const auto found = ids.find(text);
  return found == ids.end() ? -1 : found->second;
}

std::vector<std::int64_t> byte_ids(const TokenIds& ids, std::string_view bytes) {
  std::vector<std::int64_t> found;
  for (const char c : bytes) {
    const std::int64_t id = id_of(ids, fmt::format("<0x{:02X}>", static_cast<unsigned char>(c)));
    if (id < 0) return {};
    found.push_back(id);
  }
  return found;
}

Diagnostic no_unknown_token(std::string_view text) {
  return error("E593", fmt::format("the tokenizer has no token for '{}', and none for the unknown",
                                   escape_for_terminal(text, 40)));
}

}  // namespace inarch
