#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/recipe/name_pattern.h"

namespace inarch {

/// What captures stand for, in text, in order of their names.
using Captures = std::vector<std::pair<std::string, std::string>>;

/// Tensor names as a tree of segments, so that matching a pattern visits only names that fit.
class NameTree {
 public:
  void add(std::string_view name, std::size_t index);

  struct Match {
    std::size_t index = 0;
    Captures captures;
  };
  /// All names that fit, once each, in order of their indices. In one segment the first of two
  /// captures takes as little as it can; a capture that occurs twice must take the same text.
  std::vector<Match> match(const ResolvedPattern& pattern) const;

 private:
  struct Node {
    std::map<std::string, std::size_t, std::less<>> children;
    std::optional<std::size_t> index;
  };
  class Walk;

  std::vector<Node> nodes_ = {Node()};
  // Names mostly come in order: the last one, and the nodes after each of its segments.
  std::string last_name_;
  std::vector<std::pair<std::size_t, std::size_t>> last_path_;  // end of a segment in it, node
};

}  // namespace inarch
