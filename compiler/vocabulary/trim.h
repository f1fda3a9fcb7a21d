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

/// Makes a tokenizer_config.json or a special_tokens_map.json one of the tokens that are left:
/// `added_tokens_decoder` has them under their new ids, and lists of special tokens lose the
/// others. E548 when a role (`pad_token`, …) is that of a token that is not kept: loaders would add
/// it anew.
Status trim_config(Value& config, const Tokenizer& tokenizer,
                   const std::vector<std::int64_t>& kept);

}  // namespace inarch
