#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "compiler/core/value.h"
#include "compiler/support/result.h"

namespace inarch {

/// The models of tokenizer.json, as huggingface/tokenizers names them: BPE, Unigram, WordLevel,
/// WordPiece.
enum class TokenizerKind : std::uint8_t { bpe, unigram, word_level, word_piece };
std::string_view name(TokenizerKind kind);

/// Ids are sizes in the end: of the rows of an embedding. None is larger in use.
inline constexpr std::int64_t most_token_ids = std::int64_t{1} << 24;

struct VocabularyToken {
  std::int64_t id = 0;
  std::string text;         // as the file writes it: byte-level BPE spells a space "Ġ"
  bool is_ordinary = true;  // an entry of the model's own vocabulary
  bool is_added = false;    // an entry of `added_tokens`, found in a text before the model sees it
};

/// A tokenizer.json, read. Every token has one id and every id at most one token.
struct Tokenizer {
  TokenizerKind kind = TokenizerKind::bpe;
  std::vector<VocabularyToken> tokens;                        // ascending ids
  std::unordered_map<std::string_view, std::size_t> by_text;  // into `tokens`, whose texts it views
  Value document;

  Tokenizer() = default;
  Tokenizer(Tokenizer&&) = default;
  Tokenizer& operator=(Tokenizer&&) = default;

  const VocabularyToken* find(std::string_view text) const;
  const VocabularyToken* find(std::int64_t id) const;
  /// One more than the largest id: the least number of rows that an embedding needs.
  std::int64_t size() const { return tokens.empty() ? 0 : tokens.back().id + 1; }
  /// The entry of `added_tokens` for an id, or null.
  const Value* added_entry(std::int64_t id) const;
};

/// Reads the text of a tokenizer.json. E542, whose subject is `path`: no JSON, no tokenizer of a
/// kind that is known, ids that are none, come twice or are beyond most_token_ids, merges that name
/// tokens the vocabulary has not.
Result<Tokenizer> read_tokenizer(std::string_view text, const std::string& path);

/// The two sides of an entry of `merges`, "a b" or ["a", "b"]; nothing when it is neither.
std::optional<std::pair<std::string_view, std::string_view>> sides_of_merge(const Value& merge);

/// What BPE makes of two tokens: the second without the prefix that continues a word, if there is
/// one.
std::string merged_text(std::string_view left, std::string_view right, std::string_view prefix);
/// `continuing_subword_prefix` of a BPE model, or "".
std::string_view continuing_prefix(const Value& document);

/// Whether the model spells bytes as letters (GPT-2's alphabet): a ByteLevel among its
/// pre-tokenizers or decoders.
bool is_byte_level(const Value& document);

/// The entry of a map that can be changed, or null.
Value* find_entry(Value& map, std::string_view key);

}  // namespace inarch
