#pragma once

#include <cstdint>
#include <vector>

#include "compiler/core/value.h"
#include "compiler/support/result.h"

namespace inarch {

/// What a tokenizer puts around the tokens of a text.
struct TokenFrame {
  std::vector<std::int64_t> before;
  std::vector<std::int64_t> after;
};

/// `post_processor` of a tokenizer.json, or null. E591 for a kind that is not known, and for a
/// template that does not have the text once.
Result<TokenFrame> read_token_frame(const Value* step);

}  // namespace inarch
