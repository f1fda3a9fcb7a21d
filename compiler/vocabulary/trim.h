#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/support/result.h"
#include "compiler/vocabulary/tokenizer.h"

namespace inarch {

/// The tokenizer.json in which only the tokens `kept` are left, ids of it in their new order: its
/// vocabulary, the merges whose three tokens are all there, added tokens, and the ids that
/// post-processor, padding and unknown token name. E548 when one of these needs a token that is not
/// kept.
Result<Value> trimmed(const Tokenizer& tokenizer, const std::vector<std::int64_t>& kept);

/// A tokenizer_config.json whose `added_tokens_decoder`, where it has one, has the tokens that are
/// left, under their new ids.
void trim_config(Value& tokenizer_config, const std::vector<std::int64_t>& kept);

}  // namespace inarch
