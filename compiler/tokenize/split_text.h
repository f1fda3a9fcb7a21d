#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "compiler/tokenize/text_pattern.h"

namespace inarch {

/// What becomes of the matches that a text is split by.
enum class SplitBehavior : std::uint8_t {
  removed,
  isolated,              // each a piece of its own
  merged_with_previous,  // the end of the piece before it
  merged_with_next,      // the beginning of the piece after it
  contiguous,            // those side by side are one piece
};
/// "MergedWithNext", as files name them.
std::optional<SplitBehavior> split_behavior(std::string_view name);

/// The pieces of a text of `size` bytes, none of them empty. With `invert` what is between matches
/// counts as matches.
std::vector<TextRange> split_pieces(std::size_t size, const std::vector<TextRange>& matches,
                                    SplitBehavior behavior, bool invert);

/// The characters of a UTF-8 text for which `is_match` holds, as matches.
std::vector<TextRange> find_characters(std::string_view text,
                                       const std::function<bool(std::uint32_t)>& is_match);

}  // namespace inarch
