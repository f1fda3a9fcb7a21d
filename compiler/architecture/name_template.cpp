#include "compiler/architecture/name_template.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "compiler/recipe/expression_parser.h"
#include "compiler/recipe/expression_spans.h"

namespace inarch {

namespace {

constexpr std::size_t max_alternatives = 1000;

std::vector<std::string> split_at_commas(std::string_view text) {
  std::vector<std::string> parts;
  for (std::size_t comma = text.find(','); comma != std::string_view::npos;
       comma = text.find(',')) {
    parts.emplace_back(text.substr(0, comma));
    text.remove_prefix(comma + 1);
  }
  parts.emplace_back(text);
  return parts;
}

bool is_name_part(std::string_view text) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  };
  for (char c : text) {
    if (!good(c)) return false;
  }
  return true;
}

// A comma outside of brackets makes alternatives; `min(a, b)` stays an expression.
bool has_alternatives(std::string_view inside) {
  return inside.find(',') != std::string_view::npos &&
         inside.find_first_of("([") == std::string_view::npos;
}

class Parser {
 public:
  Parser(std::string_view text, Span span, Diagnostics& diagnostics)
      : text_(text), spans_(text, span), diagnostics_(diagnostics) {
    name_.span = span;
  }

  std::optional<NameTemplate> run() {
    while (at_ < text_.size()) {
      const std::size_t open = std::min(text_.find('{', at_), text_.size());
      if (!literal(open)) return std::nullopt;
      if (open == text_.size()) break;
      const std::size_t close = text_.find('}', open);
      if (close == std::string_view::npos) return fail(open, text_.size(), "'{' is not closed");
      at_ = close + 1;
      if (!hole(open + 1, close)) return std::nullopt;
    }
    if (alternatives_ > max_alternatives) {
      return fail(0, text_.size(),
                  fmt::format("this stands for more than {} names", max_alternatives));
    }
    if (name_.parts.empty()) return fail(0, text_.size(), "a tensor name cannot be empty");
    return std::move(name_);
  }

 private:
  std::nullopt_t fail(std::size_t begin, std::size_t end, std::string message) {
    diagnostics_.add(error("E513", std::move(message)).at(spans_.part(begin, end)));
    return std::nullopt;
  }

  bool literal(std::size_t end) {
    const std::string_view text = text_.substr(at_, end - at_);
    if (!is_name_part(text)) {
      fail(at_, end, "a tensor name holds letters, digits, '_', '-' and '.' outside of braces");
      return false;
    }
    if (!text.empty()) name_.parts.push_back({std::string(text), {}, nullptr});
    return true;
  }

  bool hole(std::size_t begin, std::size_t end) {
    const std::string_view inside = text_.substr(begin, end - begin);
    if (!has_alternatives(inside)) {
      ExprPtr expression = parse_expression_at(inside, spans_.from(begin), diagnostics_);
      if (expression) name_.parts.push_back({{}, {}, expression});
      return expression != nullptr;
    }
    std::vector<std::string> alternatives = split_at_commas(inside);
    for (const std::string& alternative : alternatives) {
      if (is_name_part(alternative)) continue;
      fail(begin, end, fmt::format("'{}' is no part of a tensor name", alternative));
      return false;
    }
    alternatives_ = std::min(alternatives_ * alternatives.size(), max_alternatives + 1);
    name_.parts.push_back({{}, std::move(alternatives), nullptr});
    return true;
  }

  std::string_view text_;
  SpanMap spans_;
  Diagnostics& diagnostics_;
  NameTemplate name_;
  std::size_t at_ = 0;
  std::size_t alternatives_ = 1;
};

void append_to_all(std::vector<std::string>& names, std::string_view text) {
  for (std::string& name : names) name += text;
}

std::vector<std::string> each_with_each(const std::vector<std::string>& names,
                                        const std::vector<std::string>& endings) {
  std::vector<std::string> all;
  for (const std::string& name : names) {
    for (const std::string& ending : endings) all.push_back(name + ending);
  }
  return all;
}

}  // namespace

std::optional<NameTemplate> parse_name_template(std::string_view text, Span span,
                                                Diagnostics& diagnostics) {
  return Parser(text, span, diagnostics).run();
}

std::optional<std::vector<std::string>> fill(const NameTemplate& name, const Scope& scope,
                                             Diagnostics& diagnostics, DecisionTrace* trace) {
  std::vector<std::string> names = {""};
  for (const NameTemplate::Part& part : name.parts) {
    if (part.expression) {
      const auto value = evaluate(*part.expression, scope, diagnostics, trace);
      if (!value) return std::nullopt;
      if (value->is_null()) {
        report_null(*part.expression, scope, "a tensor name cannot hold null", diagnostics);
        return std::nullopt;
      }
      if (value->if_list() || value->if_map()) {
        diagnostics.add(error("E513", fmt::format("a tensor name cannot hold {}", value->kind()))
                            .at(part.expression->span));
        return std::nullopt;
      }
      append_to_all(names, to_text(*value));
    } else if (!part.alternatives.empty()) {
      names = each_with_each(names, part.alternatives);
    } else {
      append_to_all(names, part.text);
    }
  }
  return names;
}

}  // namespace inarch
