// A pattern may be hostile ("{a}x{b}x{c}x{d}" against a name of thousands of x), and trying all
// ways to share a name among captures takes time without bound. What was tried is therefore kept:
// from one place in the pattern and the name on, only captures that the pattern asks for again can
// make a difference, so a second arrival with the same values of these finds nothing that the first
// did not. That bounds the work by places, not by ways.

#include <algorithm>
#include <set>
#include <utility>

#include "compiler/recipe/name_pattern.h"

namespace inarch {

namespace {

using Piece = ResolvedPattern::Piece;
using Segment = ResolvedPattern::Segment;

/// Places that were arrived at, each with the values that matter from there on.
using Arrivals = std::set<std::pair<std::pair<std::size_t, std::size_t>, std::string>>;

void add_known(const Segment& segment, std::size_t first, const Captures& captures,
               std::string& values) {
  for (std::size_t i = first; i < segment.size(); ++i) {
    if (!segment[i].is_capture) continue;
    const auto known = captures.find(segment[i].text);
    if (known != captures.end()) values += known->second + '.';
  }
}

std::ptrdiff_t captures_in(const Segment& segment) {
  return std::count_if(segment.begin(), segment.end(),
                       [](const Piece& piece) { return piece.is_capture; });
}

/// Shares the text of one segment of a name among the pieces of one of the pattern.
class SegmentSearch {
 public:
  explicit SegmentSearch(const Segment& segment)
      : segment_(segment), keeps_track_(captures_in(segment) > 2) {}

  /// Matches the pieces from `piece` on; captures are filled when they fit.
  bool match(std::size_t piece, std::string_view text, Captures& captures) {
    if (piece == segment_.size()) return text.empty();
    const Piece& p = segment_[piece];
    if (!p.is_capture) return match_text(p.text, piece, text, captures);
    const auto known = captures.find(p.text);
    if (known != captures.end())
      return match_text(std::string(known->second), piece, text, captures);
    if (keeps_track_ && !arrives(piece, captures)) return false;
    const bool last = piece + 1 == segment_.size();
    const std::size_t least = last ? std::max<std::size_t>(text.size(), 1) : 1;
    for (std::size_t length = least; length <= text.size(); ++length) {
      captures[p.text] = std::string(text.substr(0, length));
      if (match(piece + 1, text.substr(length), captures)) return true;
      captures.erase(p.text);
    }
    return false;
  }

 private:
  bool match_text(const std::string& wanted, std::size_t piece, std::string_view text,
                  Captures& captures) {
    return text.substr(0, wanted.size()) == wanted &&
           match(piece + 1, text.substr(wanted.size()), captures);
  }
  bool arrives(std::size_t piece, const Captures& captures) {
    std::string values;
    add_known(segment_, piece, captures, values);
    return arrivals_.insert({{piece, 0}, std::move(values)}).second;
  }

  const Segment& segment_;
  bool keeps_track_;
  Arrivals arrivals_;
};

bool is_rest(const Segment& segment) { return segment.size() == 1 && segment[0].is_rest; }

}  // namespace

/// One walk of a pattern through the tree.
class NameTree::Search {
 public:
  Search(const NameTree& tree, const ResolvedPattern& pattern)
      : tree_(tree),
        pattern_(pattern),
        keeps_track_(std::count_if(pattern.segments.begin(), pattern.segments.end(), is_rest) > 1) {
  }

  std::vector<Match> run() {
    Captures captures;
    walk(0, 0, captures);
    return std::move(found_);
  }

 private:
  const Node& node(std::size_t number) const { return tree_.nodes_[number]; }

  void walk(std::size_t at, std::size_t segment, Captures& captures) {
    if (segment == pattern_.segments.size()) {
      if (node(at).index) found_.push_back({*node(at).index, captures});
      return;
    }
    const Segment& pieces = pattern_.segments[segment];
    if (is_rest(pieces)) {
      const auto known = captures.find(pieces[0].text);
      if (known == captures.end()) return walk_rest(at, segment, "", captures);
      if (const auto end = tree_.descend(at, known->second)) walk(*end, segment + 1, captures);
      return;
    }
    if (pieces.size() == 1 && !pieces[0].is_capture) {
      const auto child = node(at).children.find(pieces[0].text);
      if (child != node(at).children.end()) walk(child->second, segment + 1, captures);
      return;
    }
    for (const auto& [text, child] : node(at).children) {
      Captures extended = captures;
      if (SegmentSearch(pieces).match(0, text, extended)) walk(child, segment + 1, extended);
    }
  }

  /// Lets a rest that has taken `taken` so far take one segment after another.
  void walk_rest(std::size_t at, std::size_t segment, const std::string& taken,
                 Captures& captures) {
    const std::string& name = pattern_.segments[segment][0].text;
    for (const auto& [text, child] : node(at).children) {
      const std::string more = taken.empty() ? text : taken + "." + text;
      captures[name] = more;
      const bool is_new = !keeps_track_ || arrives(child, segment, captures);
      if (is_new) walk(child, segment + 1, captures);
      captures.erase(name);
      if (is_new) walk_rest(child, segment, more, captures);
    }
  }
  bool arrives(std::size_t at, std::size_t segment, const Captures& captures) {
    std::string values;
    for (std::size_t later = segment + 1; later < pattern_.segments.size(); ++later)
      add_known(pattern_.segments[later], 0, captures, values);
    return arrivals_.insert({{at, segment}, std::move(values)}).second;
  }

  const NameTree& tree_;
  const ResolvedPattern& pattern_;
  bool keeps_track_;  // a name can be shared in several ways only among several rests
  Arrivals arrivals_;
  std::vector<Match> found_;
};

void NameTree::add(std::string_view name, std::size_t index) {
  std::size_t node = 0;
  for (std::size_t begin = 0; begin <= name.size();) {
    std::size_t end = name.find('.', begin);
    if (end == std::string_view::npos) end = name.size();
    const std::string_view segment = name.substr(begin, end - begin);
    const auto child = nodes_[node].children.find(segment);
    if (child != nodes_[node].children.end()) {
      node = child->second;
    } else {
      const std::size_t made = nodes_.size();
      nodes_[node].children.emplace(std::string(segment), made);
      nodes_.emplace_back();
      node = made;
    }
    begin = end + 1;
  }
  nodes_[node].index = index;
}

std::vector<NameTree::Match> NameTree::match(const ResolvedPattern& pattern) const {
  std::vector<Match> found = Search(*this, pattern).run();
  // A name that fits in several ways counts once, with its first captures as short as can be.
  std::stable_sort(found.begin(), found.end(),
                   [](const Match& a, const Match& b) { return a.index < b.index; });
  found.erase(std::unique(found.begin(), found.end(),
                          [](const Match& a, const Match& b) { return a.index == b.index; }),
              found.end());
  return found;
}

std::optional<std::size_t> NameTree::descend(std::size_t node, std::string_view path) const {
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('.', begin), path.size());
    const auto child = nodes_[node].children.find(path.substr(begin, end - begin));
    if (child == nodes_[node].children.end()) return std::nullopt;
    node = child->second;
    begin = end + 1;
  }
  return node;
}

}  // namespace inarch
