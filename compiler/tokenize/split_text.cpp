#include "compiler/tokenize/split_text.h"

#include <algorithm>
#include <utility>

#include "compiler/support/text.h"

namespace inarch {

namespace {

struct Part {
  TextRange range;
  bool is_match = false;
};

/// Matches and what is between them, in order.
std::vector<Part> alternate(std::size_t size, const std::vector<TextRange>& matches, bool invert) {
  std::vector<Part> parts;
  std::size_t at = 0;
  for (const TextRange& match : matches) {
    if (match.begin > at) parts.push_back({{at, match.begin}, invert});
    parts.push_back({match, !invert});
    at = match.end;
  }
  if (at < size) parts.push_back({{at, size}, invert});
  return parts;
}

/// Pieces of parts that `joins` says to belong to the one before.
template <typename Joins>
std::vector<TextRange> join_parts(const std::vector<Part>& parts, Joins joins) {
  std::vector<TextRange> pieces;
  for (std::size_t k = 0; k < parts.size(); ++k) {
    if (k > 0 && joins(parts[k - 1], parts[k])) {
      pieces.back().end = parts[k].range.end;
    } else {
      pieces.push_back(parts[k].range);
    }
  }
  return pieces;
}

}  // namespace

std::optional<SplitBehavior> split_behavior(std::string_view name) {
  static constexpr std::pair<std::string_view, SplitBehavior> names[] = {
      {"Removed", SplitBehavior::removed},
      {"Isolated", SplitBehavior::isolated},
      {"MergedWithPrevious", SplitBehavior::merged_with_previous},
      {"MergedWithNext", SplitBehavior::merged_with_next},
      {"Contiguous", SplitBehavior::contiguous}};
  for (const auto& [text, behavior] : names) {
    if (text == name) return behavior;
  }
  return std::nullopt;
}

std::vector<TextRange> split_pieces(std::size_t size, const std::vector<TextRange>& matches,
                                    SplitBehavior behavior, bool invert) {
  const std::vector<Part> parts = alternate(size, matches, invert);
  switch (behavior) {
    case SplitBehavior::merged_with_previous:
      return join_parts(parts, [](const Part& before, const Part& part) {
        return part.is_match && !before.is_match;
      });
    case SplitBehavior::merged_with_next:
      return join_parts(parts, [](const Part& before, const Part& part) {
        return before.is_match && !part.is_match;
      });
    case SplitBehavior::contiguous:
      return join_parts(parts, [](const Part& before, const Part& part) {
        return part.is_match == before.is_match;
      });
    case SplitBehavior::isolated:
    case SplitBehavior::removed:
      break;
  }
  std::vector<TextRange> pieces;
  for (const Part& part : parts) {
    if (behavior == SplitBehavior::isolated || !part.is_match) pieces.push_back(part.range);
  }
  return pieces;
}

std::vector<TextRange> find_characters(std::string_view text,
                                       const std::function<bool(std::uint32_t)>& is_match) {
  std::vector<TextRange> found;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = decode_utf8(text, at);
    const std::size_t length = std::max<std::size_t>(point.length, 1);
    if (is_match(point.value)) found.push_back({at, at + length});
    at += length;
  }
  return found;
}

}  // namespace inarch
