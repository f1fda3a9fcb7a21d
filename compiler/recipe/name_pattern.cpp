#include "compiler/recipe/name_pattern.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "compiler/recipe/expression_spans.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

bool is_identifier(std::string_view text) {
  if (text.empty() || std::isdigit(static_cast<unsigned char>(text[0])) != 0) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
  });
}

std::string_view without_spaces(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

/// The offset of the brace that closes the one at `open`, or npos.
std::size_t closing_brace_of(std::string_view text, std::size_t open) {
  int depth = 0;
  char quote = 0;
  for (std::size_t i = open; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (c == '{') {
      ++depth;
    } else if (c == '}' && --depth == 0) {
      return i;
    }
  }
  return std::string_view::npos;
}

std::optional<NamePattern::Part> parse_hole(std::string_view inner, bool template_hole, Span span,
                                            Diagnostics& diagnostics) {
  NamePattern::Part part;
  part.span = span;
  const std::string_view body = without_spaces(inner);
  if (body.empty()) {
    diagnostics.add(error("E120", "empty braces in a tensor name")
                        .at(span, "name what it captures, as in {i}"));
    return std::nullopt;
  }
  if (!template_hole && body.size() > 3 && body.substr(body.size() - 3) == "...") {
    part.kind = NamePattern::Part::Kind::rest;
    part.text = without_spaces(body.substr(0, body.size() - 3));
    if (is_identifier(part.text)) return part;
    diagnostics.add(error("E120", fmt::format("'{}' is no name for a capture", part.text))
                        .at(span, "letters, digits and _ only, a letter first"));
    return std::nullopt;
  }
  if (!template_hole && is_identifier(body)) {
    part.kind = NamePattern::Part::Kind::capture;
    part.text = body;
    return part;
  }
  part.kind = NamePattern::Part::Kind::expression;
  part.expression = parse_expression(inner, span, diagnostics);
  if (!part.expression) return std::nullopt;
  return part;
}

}  // namespace

std::vector<std::string> NamePattern::captures() const {
  std::vector<std::string> names;
  for (const Part& part : parts) {
    const bool hole = part.kind == Part::Kind::capture || part.kind == Part::Kind::rest;
    if (hole && std::find(names.begin(), names.end(), part.text) == names.end())
      names.push_back(part.text);
  }
  return names;
}

bool NamePattern::has_rest() const {
  return std::any_of(parts.begin(), parts.end(),
                     [](const Part& p) { return p.kind == Part::Kind::rest; });
}

std::optional<NamePattern> parse_name_pattern(std::string_view text, Span span,
                                              Diagnostics& diagnostics) {
  NamePattern pattern;
  pattern.text = text;
  pattern.span = span;
  const SpanMap spans(text, span);
  std::string literal;
  const auto flush = [&] {
    if (!literal.empty())
      pattern.parts.push_back({NamePattern::Part::Kind::literal, literal, nullptr, span});
    literal.clear();
  };
  for (std::size_t at = 0; at < text.size();) {
    const bool template_hole = text[at] == '$' && at + 1 < text.size() && text[at + 1] == '{';
    if (text[at] != '{' && !template_hole) {
      literal += text[at++];
      continue;
    }
    const std::size_t open = at + (template_hole ? 1 : 0);
    const std::size_t close = closing_brace_of(text, open);
    if (close == std::string_view::npos) {
      diagnostics.add(error("E120", "a brace in a tensor name does not close")
                          .at(spans.part(at, text.size()), "opened here")
                          .hint("a capture is written {i}, a value ${size}"));
      return std::nullopt;
    }
    flush();
    const Span inner = spans.part(open + 1, close);
    auto part =
        parse_hole(text.substr(open + 1, close - open - 1), template_hole, inner, diagnostics);
    if (!part) return std::nullopt;
    pattern.parts.push_back(std::move(*part));
    at = close + 1;
  }
  flush();
  return pattern;
}

std::optional<std::string> ResolvedPattern::exact() const {
  std::string name;
  for (std::size_t s = 0; s < segments.size(); ++s) {
    if (s > 0) name += '.';
    for (const Piece& piece : segments[s]) {
      if (piece.is_capture) return std::nullopt;
      name += piece.text;
    }
  }
  return name;
}

bool is_resolvable(const NamePattern& pattern, const Scope& scope) {
  for (const auto& part : pattern.parts) {
    if (!part.expression) continue;
    for (const std::string& name : free_names(*part.expression, scope)) {
      if (!scope.find(name)) return false;
    }
  }
  return true;
}

namespace {

/// What a hole with an expression puts into a name.
std::optional<std::string> hole_text(const NamePattern::Part& part, const Scope& scope,
                                     Diagnostics& diagnostics) {
  const auto value = evaluate(*part.expression, scope, diagnostics);
  if (!value) return std::nullopt;
  if (value->if_int() || value->if_text()) return to_text(*value);
  diagnostics.add(
      error("E151", fmt::format("a tensor's name takes an integer or text, not {}", value->kind()))
          .at(part.span, fmt::format("this is {}", escape_for_terminal(to_text(*value), 40)))
          .hint(value->if_real() ? "i // 2 divides and rounds down" : ""));
  return std::nullopt;
}

/// Goes through a pattern: `text(t)` for what is known, `capture(part)` for what is not.
template <typename Text, typename Capture>
bool visit_parts(const NamePattern& pattern, const Scope& scope, Diagnostics& diagnostics,
                 Text text, Capture capture) {
  for (const NamePattern::Part& part : pattern.parts) {
    if (part.kind == NamePattern::Part::Kind::literal) {
      text(part.text);
    } else if (part.kind == NamePattern::Part::Kind::expression) {
      const auto value = hole_text(part, scope, diagnostics);
      if (!value) return false;
      text(*value);
    } else if (const auto known = scope.find(part.text); !known || known->is_source) {
      capture(part);  // which may be called as a source is
    } else if (known->lazy) {
      const auto value = evaluate(*known->lazy, scope, diagnostics);
      if (!value) return false;
      text(to_text(*value));
    } else if (const std::string* known_text = known->value->if_text()) {
      text(*known_text);
    } else {
      text(to_text(*known->value));
    }
  }
  return true;
}

}  // namespace

std::optional<ResolvedPattern> resolve(const NamePattern& pattern, const Scope& scope,
                                       Diagnostics& diagnostics) {
  ResolvedPattern resolved;
  resolved.segments.emplace_back();
  // Neighbours become one piece, so that a segment without captures is found without a search.
  const auto add_piece = [&](std::string_view text) {
    ResolvedPattern::Segment& segment = resolved.segments.back();
    if (text.empty()) return;
    if (segment.empty() || segment.back().is_capture) segment.push_back({false, false, ""});
    segment.back().text += text;
  };
  const auto add_text = [&](std::string_view text) {
    for (std::size_t dot = text.find('.'); dot != std::string_view::npos; dot = text.find('.')) {
      add_piece(text.substr(0, dot));
      resolved.segments.emplace_back();
      text.remove_prefix(dot + 1);
    }
    add_piece(text);
  };
  const auto add_capture = [&](const NamePattern::Part& part) {
    const bool rest = part.kind == NamePattern::Part::Kind::rest;
    resolved.segments.back().push_back({true, rest, part.text});
  };
  if (!visit_parts(pattern, scope, diagnostics, add_text, add_capture)) return std::nullopt;
  for (const ResolvedPattern::Segment& segment : resolved.segments) {
    const auto rest = std::find_if(segment.begin(), segment.end(),
                                   [](const ResolvedPattern::Piece& p) { return p.is_rest; });
    if (rest == segment.end() || segment.size() == 1) continue;
    diagnostics.add(error("E120", fmt::format("'{{{}...}}' stands for whole segments of a name, "
                                              "with a dot on either side",
                                              rest->text))
                        .at(pattern.span));
    return std::nullopt;
  }
  return resolved;
}

std::optional<std::string> fill_in(const NamePattern& pattern, const Scope& scope, bool& open,
                                   Diagnostics& diagnostics) {
  constexpr std::size_t usual_length = 64;
  std::string name;
  name.reserve(usual_length);
  open = false;
  const bool good = visit_parts(
      pattern, scope, diagnostics, [&](std::string_view text) { name += text; },
      [&](const NamePattern::Part&) { open = true; });
  if (!good) return std::nullopt;
  return open ? std::string() : std::move(name);
}

}  // namespace inarch
