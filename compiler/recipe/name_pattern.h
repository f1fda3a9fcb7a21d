#pragma once

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

/// The name that a pattern stands for where `scope` knows all of its captures; "" and `open` set
/// where it does not. Nothing on a fault, which is added.
std::optional<std::string> fill_in(const NamePattern& pattern, const Scope& scope, bool& open,
                                   Diagnostics& diagnostics);

}  // namespace inarch
