#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/recipe/expression.h"

namespace inarch {

/// A tensor name with holes: `${layer}.{i}.mlp.{proj}.weight`, `model.vision_tower.{rest...}`.
///
/// `{name}` captures one dot-separated segment or a part of one, `{name...}` one or more segments,
/// `{i + 8}` and `${…}` are expressions.
struct NamePattern {
  struct Part {
    enum class Kind { literal, capture, rest, expression };
    Kind kind = Kind::literal;
    std::string text;  // literal text or capture name
    ExprPtr expression;
    Span span;
  };
  std::vector<Part> parts;
  std::string text;  // as written, for messages
  Span span;

  /// The names of its captures, in order of appearance.
  std::vector<std::string> captures() const;
  bool has_rest() const;
};

/// Faults: E120 (a brace that does not close, an empty capture, a bad capture name).
std::optional<NamePattern> parse_name_pattern(std::string_view text, Span span,
                                              Diagnostics& diagnostics);

/// What captures stand for, in text.
using Captures = std::map<std::string, std::string, std::less<>>;

/// A pattern whose expressions and known captures have been filled in.
struct ResolvedPattern {
  struct Piece {
    bool is_capture = false;
    bool is_rest = false;
    std::string text;  // literal, or the capture's name
  };
  using Segment = std::vector<Piece>;
  std::vector<Segment> segments;

  /// The name, when no capture is left.
  std::optional<std::string> exact() const;
};

/// Fills in expressions from `scope` and captures that `scope` knows. Nothing on a fault, which is
/// added.
std::optional<ResolvedPattern> resolve(const NamePattern& pattern, const Scope& scope,
                                       Diagnostics& diagnostics);

/// True when every expression of the pattern can be evaluated: its free names are all in `scope`.
bool is_resolvable(const NamePattern& pattern, const Scope& scope);

/// Tensor names as a tree of segments, so that matching a pattern visits only names that fit.
class NameTree {
 public:
  void add(std::string_view name, std::size_t index);

  struct Match {
    std::size_t index = 0;
    Captures captures;
  };
  /// All names that fit, once each, in the order in which they were added. In one segment the first
  /// of two captures takes as little as it can; a capture that occurs twice must take the same
  /// text.
  std::vector<Match> match(const ResolvedPattern& pattern) const;

 private:
  struct Node {
    std::map<std::string, std::size_t, std::less<>> children;
    std::optional<std::size_t> index;
  };
  class Search;
  /// The node that `path` leads to from `node`, segment by segment.
  std::optional<std::size_t> descend(std::size_t node, std::string_view path) const;

  std::vector<Node> nodes_ = {Node()};
};

}  // namespace inarch
