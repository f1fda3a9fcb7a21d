#include <fmt/format.h>

#include "compiler/recipe/expression.h"
#include "compiler/recipe/expression_parser.h"
#include "compiler/recipe/expression_spans.h"

namespace inarch {

namespace {

// The offset of the `}` that closes a `${` whose inside starts at `at`; npos when there is none.
// Braces and quotes inside the expression are skipped over.
std::size_t closing_brace(std::string_view text, std::size_t at) {
  int open = 1;
  char quote = '\0';
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (quote != '\0') {
      if (c == '\\') ++at;
      if (c == quote) quote = '\0';
      continue;
    }
    if (c == '\'' || c == '"') quote = c;
    if (c == '{') ++open;
    if (c == '}' && --open == 0) return at;
  }
  return std::string_view::npos;
}

class TemplateParser {
 public:
  TemplateParser(std::string_view text, Span span, Diagnostics& diagnostics)
      : text_(text), spans_(text, span), diagnostics_(diagnostics) {
    template_.span = span;
  }

  std::optional<Template> run() {
    bool good = true;
    while (at_ < text_.size()) {
      const std::string_view rest = text_.substr(at_);
      if (rest.starts_with("$${")) {
        literal_ += "${";
        at_ += 3;
      } else if (rest.starts_with("${")) {
        good = read_expression() && good;
      } else {
        literal_ += text_[at_++];
      }
    }
    flush(text_.size());
    if (!good) return std::nullopt;
    return std::move(template_);
  }

 private:
  void flush(std::size_t end) {
    if (!literal_.empty()) {
      template_.parts.push_back({std::move(literal_), nullptr, spans_.part(literal_begin_, end)});
    }
    literal_.clear();
  }

  bool read_expression() {
    const std::size_t begin = at_;
    const std::size_t inside = begin + 2;
    const std::size_t close = closing_brace(text_, inside);
    flush(begin);
    if (close == std::string_view::npos) {
      diagnostics_.add(error("E147", "'${' is not closed by '}'")
                           .at(spans_.part(begin, text_.size()))
                           .hint("write '$${' for a literal '${'"));
      at_ = text_.size();
      return false;
    }
    const std::string_view expression = text_.substr(inside, close - inside);
    ExprPtr parsed = parse_expression_at(expression, spans_.from(inside), diagnostics_);
    at_ = literal_begin_ = close + 1;
    if (!parsed) return false;
    template_.parts.push_back({{}, std::move(parsed), spans_.part(begin, close + 1)});
    return true;
  }

  std::string_view text_;
  SpanMap spans_;
  Diagnostics& diagnostics_;
  Template template_;
  std::string literal_;
  std::size_t literal_begin_ = 0;
  std::size_t at_ = 0;
};

std::optional<std::string> part_as_text(const Expr& expression, const Scope& scope,
                                        Diagnostics& diagnostics) {
  const auto value = evaluate(expression, scope, diagnostics);
  if (!value) return std::nullopt;
  if (value->is_null()) {
    report_null(expression, scope, "text cannot hold null", diagnostics);
    return std::nullopt;
  }
  if (!value->if_list() && !value->if_map()) return to_text(*value);
  diagnostics.add(error("E151", fmt::format("text cannot hold {}", value->kind()))
                      .at(expression.span)
                      .hint("text(x) writes it as JSON"));
  return std::nullopt;
}

}  // namespace

std::optional<Template> parse_template(std::string_view text, Span span, Diagnostics& diagnostics) {
  return TemplateParser(text, span, diagnostics).run();
}

std::optional<Value> evaluate(const Template& text, const Scope& scope, Diagnostics& diagnostics) {
  if (text.parts.size() == 1 && text.parts[0].expression) {
    return evaluate(*text.parts[0].expression, scope, diagnostics);
  }
  std::string whole;
  for (const Template::Part& part : text.parts) {
    if (!part.expression) {
      whole += part.text;
      continue;
    }
    const auto value = part_as_text(*part.expression, scope, diagnostics);
    if (!value) return std::nullopt;
    whole += *value;
  }
  return Value(std::move(whole));
}

}  // namespace inarch
