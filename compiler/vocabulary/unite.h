#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/support/diagnostic.h"
#include "compiler/vocabulary/tokenizer.h"

namespace inarch {

/// A token that a vocabulary gets, or one that it has and that becomes an added one.
struct AdmittedToken {
  std::int64_t id = 0;
  std::string text;
  bool is_ordinary = false;  // joins the model's vocabulary; else an added token alone
  bool is_new = true;        // false: it is there, and is an added token from now on
  Value entry;               // of `added_tokens`, with its id; null for an ordinary token
  std::size_t of = 0;        // which of the tokenizers it was first found in
};

/// A tokenizer and what messages call it.
struct NamedTokenizer {
  std::string name;
  const Tokenizer* tokenizer = nullptr;
};

/// What the first tokenizer lacks of the others. Its own ids stay; new tokens follow from the first
/// id above all of the base's, tokenizer by tokenizer, in the order of their ids. Of settings of
/// one added token the first count. E543 when the models are of different kinds, or spell texts in
/// different alphabets, or have no place for an ordinary token.
Result<std::vector<AdmittedToken>> admit_tokens(const std::vector<NamedTokenizer>& tokenizers);

/// An entry of `added_tokens` for a token that no file has.
Value new_added_entry(std::int64_t id, std::string_view text, bool special);

/// The base's tokenizer.json with the tokens. Ordinary ones of BPE bring the merges of the
/// tokenizer that has them, after all others, so that what the base merged it still merges; those
/// of Unigram bring their scores. What else the file says, and the order of its keys, stays.
Value with_tokens(const std::vector<NamedTokenizer>& tokenizers,
                  const std::vector<AdmittedToken>& admitted);

/// A tokenizer_config.json whose `added_tokens_decoder`, where it has one, names the added tokens,
/// too.
void add_to_config(Value& tokenizer_config, const std::vector<AdmittedToken>& admitted);

}  // namespace inarch
