// A pattern may be hostile ("{a}x{b}x{c}x{d}" against a name of thousands of x), and trying all
// ways to share a name among captures takes time without bound. What was tried is therefore kept:
// from one place in the pattern and the name on, only captures that the pattern asks for again can
// make a difference, so a second arrival with the same values of these finds nothing that the first
// did not. That bounds the work by places, not by ways.

#include "compiler/recipe/name_tree.h"

#include <algorithm>
#include <set>

namespace inarch {

namespace {

using Segment = ResolvedPattern::Segment;

/// Places that were arrived at, each with the values that matter from there on.
using Arrivals = std::set<std::pair<std::pair<std::size_t, std::size_t>, std::string>>;

bool is_rest(const Segment& segment) { return segment.size() == 1 && segment[0].is_rest; }

bool has_several_captures(const Segment& segment) {
  return std::count_if(segment.begin(), segment.end(),
                       [](const auto& piece) { return piece.is_capture; }) > 2;
}

}  // namespace

void NameTree::add(std::string_view name, std::size_t index) {
  const auto differs =
      std::mismatch(name.begin(), name.end(), last_name_.begin(), last_name_.end());
  const auto common = static_cast<std::size_t>(differs.first - name.begin());
  // A segment is shared when both names have it whole, so up to its dot in both.
  while (!last_path_.empty() && last_path_.back().first >= common) last_path_.pop_back();
  std::size_t node = last_path_.empty() ? 0 : last_path_.back().second;
  for (std::size_t begin = last_path_.empty() ? 0 : last_path_.back().first + 1;
       begin <= name.size();) {
    const std::size_t end = std::min(name.find('.', begin), name.size());
    const std::string_view segment = name.substr(begin, end - begin);
    const auto child = nodes_[node].children.find(segment);
    if (child != nodes_[node].children.end()) {
      node = child->second;
    } else {
      const std::size_t made = nodes_.size();
      nodes_[node].children.emplace(segment, made);
      nodes_.emplace_back();
      node = made;
    }
    last_path_.emplace_back(end, node);
    begin = end + 1;
  }
  last_name_ = name;
  nodes_[node].index = index;
}

/// One search. Captures lie on a stack while it goes down the tree, and become texts of their own
/// where a name fits.
class NameTree::Walk {
 public:
  Walk(const std::vector<Node>& nodes, const ResolvedPattern& pattern)
      : nodes_(nodes),
        pattern_(pattern),
        several_rests_(std::count_if(pattern.segments.begin(), pattern.segments.end(), is_rest) >
                       1) {}

  std::vector<Match> run() {
    visit(0, 0);
    const auto less = [](const Match& a, const Match& b) { return a.index < b.index; };
    // A name that fits in several ways counts once, with its first captures as short as can be.
    if (!std::is_sorted(found_.begin(), found_.end(), less))
      std::stable_sort(found_.begin(), found_.end(), less);
    found_.erase(std::unique(found_.begin(), found_.end(),
                             [](const Match& a, const Match& b) { return a.index == b.index; }),
                 found_.end());
    return std::move(found_);
  }

 private:
  struct Capture {
    const std::string* name;
    std::string_view text;
  };

  void visit(std::size_t node, std::size_t segment) {
    if (segment == pattern_.segments.size()) {
      if (nodes_[node].index) add_match(*nodes_[node].index);
      return;
    }
    const Segment& pieces = pattern_.segments[segment];
    if (is_rest(pieces)) {
      const Capture* known = find(pieces[0].text);
      if (!known) {
        std::string taken;
        return visit_rest(node, segment, taken);
      }
      if (const auto end = descend(node, known->text)) visit(*end, segment + 1);
      return;
    }
    if (pieces.size() == 1 && !pieces[0].is_capture) {
      const auto child = nodes_[node].children.find(pieces[0].text);
      if (child != nodes_[node].children.end()) visit(child->second, segment + 1);
      return;
    }
    const bool keeps_track = has_several_captures(pieces);
    for (const auto& [text, child] : nodes_[node].children) {
      const std::size_t before = captures_.size();
      Arrivals arrivals;
      if (match_segment(pieces, 0, text, keeps_track ? &arrivals : nullptr))
        visit(child, segment + 1);
      captures_.resize(before);
    }
  }

  /// `taken` grows and shrinks with the way down; what a capture lends from it is used only in
  /// between.
  void visit_rest(std::size_t node, std::size_t segment, std::string& taken) {
    const std::string& name = pattern_.segments[segment][0].text;
    const std::size_t size = taken.size();
    for (const auto& [text, child] : nodes_[node].children) {
      if (size > 0) taken += '.';
      taken += text;
      captures_.push_back({&name, taken});
      const bool is_new = !several_rests_ || arrives(child, segment);
      if (is_new) visit(child, segment + 1);
      captures_.pop_back();
      if (is_new) visit_rest(child, segment, taken);
      taken.resize(size);
    }
  }

  /// Matches the pieces of one segment from `piece` on; captures stay on the stack when they fit.
  bool match_segment(const Segment& pieces, std::size_t piece, std::string_view text,
                     Arrivals* arrivals) {
    if (piece == pieces.size()) return text.empty();
    const ResolvedPattern::Piece& p = pieces[piece];
    const Capture* known = p.is_capture ? find(p.text) : nullptr;
    if (known || !p.is_capture) {
      const std::string_view wanted = known ? known->text : std::string_view(p.text);
      return text.starts_with(wanted) &&
             match_segment(pieces, piece + 1, text.substr(wanted.size()), arrivals);
    }
    if (arrivals && !arrives(pieces, piece, *arrivals)) return false;
    const bool is_last = piece + 1 == pieces.size();
    for (std::size_t length = is_last ? text.size() : 1; length <= text.size(); ++length) {
      if (length == 0) return false;
      captures_.push_back({&p.text, text.substr(0, length)});
      if (match_segment(pieces, piece + 1, text.substr(length), arrivals)) return true;
      captures_.pop_back();
    }
    return false;
  }

  void add_known(const Segment& pieces, std::size_t first, std::string& values) const {
    for (std::size_t i = first; i < pieces.size(); ++i) {
      const Capture* known = pieces[i].is_capture ? find(pieces[i].text) : nullptr;
      if (known) values.append(known->text).append(1, '.');
    }
  }
  bool arrives(const Segment& pieces, std::size_t piece, Arrivals& arrivals) const {
    std::string values;
    add_known(pieces, piece, values);
    return arrivals.insert({{piece, 0}, std::move(values)}).second;
  }
  bool arrives(std::size_t node, std::size_t segment) {
    std::string values;
    for (std::size_t later = segment + 1; later < pattern_.segments.size(); ++later)
      add_known(pattern_.segments[later], 0, values);
    return arrivals_.insert({{node, segment}, std::move(values)}).second;
  }

  /// The node that `path` leads to from `node`, segment by segment.
  std::optional<std::size_t> descend(std::size_t node, std::string_view path) const {
    for (std::size_t begin = 0; begin <= path.size();) {
      const std::size_t end = std::min(path.find('.', begin), path.size());
      const auto child = nodes_[node].children.find(path.substr(begin, end - begin));
      if (child == nodes_[node].children.end()) return std::nullopt;
      node = child->second;
      begin = end + 1;
    }
    return node;
  }

  const Capture* find(std::string_view name) const {
    for (const Capture& capture : captures_) {
      if (*capture.name == name) return &capture;
    }
    return nullptr;
  }

  void add_match(std::size_t index) {
    Match& match = found_.emplace_back();
    match.index = index;
    match.captures.reserve(captures_.size());
    for (const Capture& capture : captures_)
      match.captures.emplace_back(*capture.name, capture.text);
    std::sort(match.captures.begin(), match.captures.end());
  }

  const std::vector<Node>& nodes_;
  const ResolvedPattern& pattern_;
  bool several_rests_;  // a name can be shared in several ways only among several rests
  Arrivals arrivals_;   // of rests
  std::vector<Capture> captures_;
  std::vector<Match> found_;
};

std::vector<NameTree::Match> NameTree::match(const ResolvedPattern& pattern) const {
  return Walk(nodes_, pattern).run();
}

}  // namespace inarch
