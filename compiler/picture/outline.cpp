#include "compiler/picture/outline.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <map>
#include <numeric>
#include <optional>
#include <span>

#include <fmt/format.h>

#include "compiler/support/text.h"

namespace inarch {

namespace {

/// Deeper names end in one long segment, so that no name can make the recursion deep.
constexpr std::size_t most_segments = 48;

/// "0", "17", but not "007", which is another name.
std::optional<std::int64_t> as_number(std::string_view segment) {
  if (segment.empty() || segment.size() > 9 || (segment.size() > 1 && segment[0] == '0'))
    return std::nullopt;
  std::int64_t number = 0;
  const auto [end, failure] =
      std::from_chars(segment.data(), segment.data() + segment.size(), number);
  const bool is_whole = failure == std::errc() && end == segment.data() + segment.size();
  return is_whole && number >= 0 && segment[0] != '-' ? std::optional(number) : std::nullopt;
}

std::vector<std::string_view> segments_of(std::string_view name) {
  std::vector<std::string_view> segments;
  while (segments.size() + 1 < most_segments) {
    const std::size_t dot = name.find('.');
    if (dot == name.npos) break;
    segments.push_back(name.substr(0, dot));
    name.remove_prefix(dot + 1);
  }
  segments.push_back(name);
  return segments;
}

bool segments_less(const std::vector<std::string_view>& a, const std::vector<std::string_view>& b) {
  for (std::size_t k = 0; k < std::min(a.size(), b.size()); ++k) {
    if (a[k] == b[k]) continue;
    if (natural_less(a[k], b[k])) return true;
    if (natural_less(b[k], a[k])) return false;
    return a[k] < b[k];
  }
  return a.size() < b.size();
}

class Outliner {
 public:
  Outliner(const std::vector<std::string_view>& names, const std::vector<std::uint32_t>& kinds)
      : kinds_(kinds) {
    segments_.reserve(names.size());
    for (const std::string_view name : names) segments_.push_back(segments_of(name));
  }

  std::vector<OutlineNode> outline() {
    std::vector<std::uint32_t> order(segments_.size());
    std::iota(order.begin(), order.end(), 0U);
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
      return segments_less(segments_[a], segments_[b]);
    });
    std::vector<OutlineNode> nodes;
    for (Built& built : children(order, 0)) nodes.push_back(std::move(built.node));
    return nodes;
  }

 private:
  /// A node, and a number that nodes have in common below which everything is alike.
  struct Built {
    OutlineNode node;
    std::uint32_t alike = 0;
  };

  std::uint32_t intern(std::vector<std::pair<std::string, std::uint32_t>> parts) {
    return known_.emplace(std::move(parts), static_cast<std::uint32_t>(known_.size()))
        .first->second;
  }

  /// Nodes for names that agree in all segments before `depth`, which are sorted.
  std::vector<Built> children(std::span<const std::uint32_t> order, std::size_t depth) {
    std::vector<Built> built;
    for (std::size_t begin = 0; begin < order.size();) {
      const std::string_view segment = segments_[order[begin]][depth];
      std::size_t end = begin + 1;
      while (end < order.size() && segments_[order[end]][depth] == segment) ++end;
      auto group = order.subspan(begin, end - begin);
      for (; !group.empty() && segments_[group[0]].size() == depth + 1; group = group.subspan(1))
        built.push_back(leaf(group[0], segment));
      if (!group.empty()) built.push_back(inner(group, segment, depth));
      begin = end;
    }
    return join_alike(std::move(built));
  }

  Built leaf(std::uint32_t member, std::string_view segment) {
    Built built;
    label(built.node, segment);
    built.node.members = {member};
    built.alike = intern({{"", kinds_[member]}});
    return built;
  }

  Built inner(std::span<const std::uint32_t> group, std::string_view segment, std::size_t depth) {
    Built built;
    label(built.node, segment);
    std::vector<std::pair<std::string, std::uint32_t>> parts;
    for (Built& child : children(group, depth + 1)) {
      std::string what = child.node.numbers.empty() ? "=" + child.node.label : "#";
      for (const std::int64_t number : child.node.numbers) what += fmt::format("{} ", number);
      parts.emplace_back(std::move(what), child.alike);
      built.node.children.push_back(std::move(child.node));
    }
    built.alike = intern(std::move(parts));
    shorten(built.node);
    return built;
  }

  static void label(OutlineNode& node, std::string_view segment) {
    if (const auto number = as_number(segment)) {
      node.numbers = {*number};
    } else {
      node.label = segment;
    }
  }

  /// A node between two others that branch is part of a name, and no level.
  static void shorten(OutlineNode& node) {
    if (!node.numbers.empty() || node.children.size() != 1) return;
    if (!node.children.front().numbers.empty()) return;
    OutlineNode child = std::move(node.children.front());
    child.label = node.label + "." + child.label;
    node = std::move(child);
  }

  static std::vector<Built> join_alike(std::vector<Built> built) {
    std::vector<Built> joined;
    std::map<std::uint32_t, std::size_t> places;
    for (Built& next : built) {
      if (next.node.numbers.empty()) {
        joined.push_back(std::move(next));
        continue;
      }
      const auto [place, is_new] = places.emplace(next.alike, joined.size());
      if (is_new) {
        joined.push_back(std::move(next));
      } else {
        OutlineNode& into = joined[place->second].node;
        into.numbers.push_back(next.node.numbers.front());
        append_members(into, next.node);
      }
    }
    return joined;
  }

  static void append_members(OutlineNode& into, const OutlineNode& from) {
    into.members.insert(into.members.end(), from.members.begin(), from.members.end());
    for (std::size_t k = 0; k < into.children.size(); ++k)
      append_members(into.children[k], from.children[k]);
  }

  const std::vector<std::uint32_t>& kinds_;
  std::vector<std::vector<std::string_view>> segments_;
  std::map<std::vector<std::pair<std::string, std::uint32_t>>, std::uint32_t> known_;
};

}  // namespace

std::vector<OutlineNode> make_outline(const std::vector<std::string_view>& names,
                                      const std::vector<std::uint32_t>& kinds) {
  return Outliner(names, kinds).outline();
}

std::string number_ranges(const std::vector<std::int64_t>& numbers, std::size_t most) {
  std::vector<std::string> ranges;
  for (std::size_t begin = 0; begin < numbers.size();) {
    std::size_t end = begin + 1;
    while (end < numbers.size() && numbers[end] == numbers[end - 1] + 1) ++end;
    ranges.push_back(end - begin == 1 ? std::to_string(numbers[begin])
                                      : fmt::format("{}–{}", numbers[begin], numbers[end - 1]));
    begin = end;
  }
  if (most > 1 && ranges.size() > most) {
    ranges[most - 2] = "…";
    ranges[most - 1] = std::move(ranges.back());
    ranges.resize(most);
  }
  std::string text;
  for (const std::string& range : ranges) text += (text.empty() ? "" : ", ") + range;
  return text;
}

}  // namespace inarch
