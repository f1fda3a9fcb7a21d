#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compiler/tokenize/byte_trie.h"
#include "compiler/tokenize/normalizer.h"
#include "compiler/vocabulary/tokenizer.h"

namespace inarch {

/// A part of a text: an added token, or (-1) what is between those.
struct AddedPart {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::int64_t id = -1;
};

/// The added tokens of a tokenizer, which are found in a text before anything else is: those that
/// stand for themselves before it is normalised, the others after.
class AddedTokens {
 public:
  /// E592 when the normalizer takes too long for a token.
  static Result<AddedTokens> read(const Tokenizer& tokenizer, const TextNormalizer& normalizer);

  /// The parts in order. From left to right, of several at one place the longest token is found.
  std::vector<AddedPart> find_plain(std::string_view text) const { return find(text, plain_); }
  std::vector<AddedPart> find_normalized(std::string_view text) const {
    return find(text, normalized_);
  }

 private:
  struct Token {
    std::int64_t id = 0;
    bool single_word = false;
    bool takes_left = false;   // spaces before it are part of it
    bool takes_right = false;  // and behind it
  };
  std::vector<AddedPart> find(std::string_view text, const ByteTrie& trie) const;

  std::vector<Token> tokens_;
  ByteTrie plain_;  // whose numbers are places in tokens_
  ByteTrie normalized_;
};

}  // namespace inarch
