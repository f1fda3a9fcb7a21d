#include "compiler/recipe/tensor_expression.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "compiler/recipe/expression_spans.h"
#include "compiler/recipe/transform_hint.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

bool is_word_kind(ParamKind kind) {
  return kind == ParamKind::text || kind == ParamKind::pattern || kind == ParamKind::choice ||
         kind == ParamKind::dtype || kind == ParamKind::axis;
}

bool is_choice(const Parameter* parameter, std::string_view text) {
  return parameter && std::find(parameter->choices.begin(), parameter->choices.end(), text) !=
                          parameter->choices.end();
}

/// Transforms that say nothing without naming an axis.
bool needs_axis(const TransformSpec& t, const std::vector<Argument>& arguments) {
  if (t.axes == AxisEntries::none || t.transform == Transform::view) return false;
  if (t.transform != Transform::fit) return true;
  return std::none_of(arguments.begin(), arguments.end(),
                      [](const Argument& a) { return a.name == "to"; });
}

std::string what_it_takes(const TransformSpec& t) {
  std::vector<std::string> names;
  for (const Parameter& p : t.parameters) names.emplace_back(p.name);
  if (t.axes != AxisEntries::none) names.emplace_back("axes by name");
  if (names.empty()) return fmt::format("'{}' takes no parameters", t.name);
  return fmt::format("'{}' takes {}", t.name, join_names(names, 12));
}

bool check_arguments(const TransformSpec& t, std::vector<Argument>& arguments, Span transform_span,
                     Diagnostics& diagnostics) {
  bool good = true;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    Argument& a = arguments[i];
    a.is_axis = t.find(a.name) == nullptr;
    if (a.is_axis && t.axes == AxisEntries::none) {
      std::vector<std::string> known;
      for (const Parameter& p : t.parameters) known.emplace_back(p.name);
      const std::string near = nearest(a.name, known);
      diagnostics.add(error("E123", fmt::format("'{}' has no parameter '{}'", t.name,
                                                escape_for_terminal(a.name)))
                          .at(a.name_span, "unknown")
                          .note(what_it_takes(t))
                          .hint(near.empty() ? "" : fmt::format("did you mean '{}'?", near)));
      good = false;
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (arguments[j].name != a.name) continue;
      diagnostics.add(error("E123", fmt::format("'{}' is given twice", escape_for_terminal(a.name)))
                          .at(a.name_span)
                          .also(arguments[j].name_span, "first here"));
      good = false;
    }
  }
  for (const Parameter& p : t.parameters) {
    const bool given = std::any_of(arguments.begin(), arguments.end(),
                                   [&](const Argument& a) { return a.name == p.name; });
    if (!p.required || given) continue;
    diagnostics.add(error("E125", fmt::format("'{}' needs '{}'", t.name, p.name))
                        .at(transform_span, fmt::format("{}", p.summary))
                        .hint(fmt::format("write it like this: {}", t.example)));
    good = false;
  }
  const bool has_axis =
      std::any_of(arguments.begin(), arguments.end(), [](const Argument& a) { return a.is_axis; });
  if (needs_axis(t, arguments) && !has_axis) {
    diagnostics.add(error("E125", fmt::format("'{}' names no axis", t.name))
                        .at(transform_span)
                        .hint(fmt::format("write it like this: {}", t.example)));
    good = false;
  }
  return good;
}

/// .inf and .nan, which YAML has and expressions have not.
bool is_not_finite(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  for (const std::string_view word : {".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN"}) {
    if (text == word) return true;
  }
  return false;
}

// What comes after walks the tree by recursion.
constexpr int most_nesting = 200;
constexpr int most_terms = 200;

/// Recursive descent over the one-line form.
class PipelineParser {
 public:
  PipelineParser(std::string_view text, Span span, Diagnostics& diagnostics)
      : text_(text), spans_(text, span), diagnostics_(diagnostics) {}

  TensorExprPtr whole() {
    TensorExprPtr result = pipeline();
    skip_space();
    const bool bare = result && result->kind == TensorExpr::Kind::name;
    if (bare && at_ < text_.size() && (peek() == '.' || peek() == ':')) {
      diagnostics_.add(error("E121", fmt::format("'{}' does not say whose tensor it is",
                                                 escape_for_terminal(text_, 60)))
                           .at(place(0, text_.size()))
                           .hint("a tensor is written source:name, without a space between"));
      return nullptr;
    }
    if (result && at_ != text_.size()) {
      return fail(at_, text_.size() - at_,
                  fmt::format("unexpected '{}'", escape_for_terminal(text_.substr(at_), 40)));
    }
    return result;
  }

 private:
  TensorExprPtr pipeline() {
    TensorExprPtr value = sum();
    while (value) {
      skip_space();
      if (peek() != '|') return value;
      ++at_;
      skip_space();
      const std::size_t begin = at_;
      const std::string_view name = identifier();
      if (name.empty()) return fail(begin, 1, "expected a transform after '|'");
      value = call(name, begin, value);
    }
    return value;
  }

  TensorExprPtr sum() {
    return chain("+-", [this] { return product(); });
  }
  TensorExprPtr product() {
    return chain("*/", [this] { return negation(); });
  }

  /// Operands between signs, from left to right.
  template <typename Operand>
  TensorExprPtr chain(std::string_view signs, Operand operand) {
    skip_space();
    const std::size_t begin = at_;
    TensorExprPtr left = operand();
    for (int length = 0; left; ++length) {
      skip_space();
      if (at_ == text_.size() || signs.find(peek()) == std::string_view::npos) return left;
      const std::size_t sign = at_++;
      if (length == most_terms) return fail(sign, 1, "this has too many terms");
      TensorExprPtr right = operand();
      left = right ? operation(sign, {left, right}, begin) : nullptr;
    }
    return nullptr;
  }

  TensorExprPtr negation() {
    skip_space();
    if (peek() != '-') return primary();
    const Nesting nesting(depth_);
    const std::size_t sign = at_++;
    if (nesting.too_deep()) return fail(sign, 1, "this is nested too deep");
    TensorExprPtr inner = negation();
    return inner ? operation(sign, {inner}, sign) : nullptr;
  }

  TensorExprPtr operation(std::size_t sign, std::vector<TensorExprPtr> inputs, std::size_t begin) {
    auto e = std::make_shared<TensorExpr>();
    e->kind = TensorExpr::Kind::operation;
    e->name = text_.substr(sign, 1);
    e->transform_span = place(sign, 1);
    e->inputs = std::move(inputs);
    e->span = place(begin, at_ - begin);
    return e;
  }

  /// 0.5, or `${…}`.
  TensorExprPtr number() {
    const std::size_t begin = at_;
    std::size_t from = at_, length = 0;
    if (peek() == '$') {
      int braces = 0;
      do {
        if (text_[at_] == '{') ++braces;
        if (text_[at_] == '}') --braces;
        ++at_;
      } while (at_ < text_.size() && (braces > 0 || at_ < begin + 2));
      if (braces != 0 || at_ < begin + 3) return fail(begin, at_ - begin, "expected ${expression}");
      from = begin + 2;
      length = at_ - begin - 3;
    } else {
      const auto goes_on = [&](char c) {
        const bool exponent = at_ > begin && (text_[at_ - 1] == 'e' || text_[at_ - 1] == 'E');
        return (c >= '0' && c <= '9') || c == '.' || c == 'e' || c == 'E' || c == '_' ||
               (exponent && (c == '+' || c == '-'));
      };
      while (at_ < text_.size() && goes_on(text_[at_])) ++at_;
      length = at_ - begin;
    }
    auto e = std::make_shared<TensorExpr>();
    e->kind = TensorExpr::Kind::number;
    e->span = place(begin, at_ - begin);
    e->expression = parse_expression(text_.substr(from, length), place(from, length), diagnostics_);
    return e->expression ? e : nullptr;
  }

  TensorExprPtr primary() {
    skip_space();
    const std::size_t begin = at_;
    const Nesting nesting(depth_);
    if (nesting.too_deep()) return fail(begin, 1, "this is nested too deep");
    if ((peek() >= '0' && peek() <= '9') || (peek() == '$' && text_.substr(at_, 2) == "${"))
      return number();
    if (peek() == '(') {
      ++at_;
      TensorExprPtr inner = pipeline();
      if (!inner) return nullptr;
      skip_space();
      if (peek() != ')') return fail(begin, at_ - begin, "this parenthesis does not close");
      ++at_;
      return inner;
    }
    const std::string_view name = identifier();
    if (name.empty())
      return fail(begin, std::max<std::size_t>(1, text_.size() - begin),
                  "expected a tensor: source:name");
    if (peek() == '[' || (peek() == ':' && at_ + 1 < text_.size() && text_[at_ + 1] != ' '))
      return reference(name, begin);
    skip_space();
    if (peek() == '(') return call(name, begin, nullptr);
    auto e = std::make_shared<TensorExpr>();
    e->kind = TensorExpr::Kind::name;
    e->name = name;
    e->span = place(begin, name.size());
    Diagnostics not_a_number;  // then it can only be an operand's name
    e->expression = parse_expression(name, e->span, not_a_number);
    return e;
  }

  TensorExprPtr reference(std::string_view source, std::size_t begin) {
    auto e = std::make_shared<TensorExpr>();
    e->kind = TensorExpr::Kind::reference;
    e->source = source;
    e->source_span = place(begin, source.size());
    if (peek() == '[') {
      const std::size_t open = at_;
      while (at_ < text_.size() && text_[at_] != ']') ++at_;
      if (at_ == text_.size()) return fail(open, at_ - open, "this bracket does not close");
      e->index = parse_name_pattern(text_.substr(open + 1, at_ - open - 1),
                                    place(open + 1, at_ - open - 1), diagnostics_);
      ++at_;
      if (!e->index) return nullptr;
      if (peek() != ':')
        return fail(begin, at_ - begin, "expected ':' and a tensor's name after the source");
    }
    ++at_;
    const std::size_t name_begin = at_;
    int braces = 0;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '{') ++braces;
      if (c == '}') --braces;
      if (braces == 0 && std::string_view(",)| \n").find(c) != std::string_view::npos) break;
      ++at_;
    }
    auto pattern = parse_name_pattern(text_.substr(name_begin, at_ - name_begin),
                                      place(name_begin, at_ - name_begin), diagnostics_);
    if (!pattern) return nullptr;
    e->pattern = std::move(*pattern);
    e->span = place(begin, at_ - begin);
    return e;
  }

  TensorExprPtr call(std::string_view name, std::size_t begin, TensorExprPtr piped) {
    const Span name_span = place(begin, name.size());
    const TransformSpec* t = find_transform(name);
    if (!t) {
      diagnostics_.add(error("E122", fmt::format("there is no transform '{}'", name))
                           .at(name_span)
                           .note("inarch explain transforms lists them")
                           .hint(transform_hint(name)));
      return nullptr;
    }
    std::vector<TensorExprPtr> inputs;
    std::vector<Argument> arguments;
    if (piped) inputs.push_back(std::move(piped));
    skip_space();
    if (peek() == '(') {
      ++at_;
      skip_space();
      while (peek() != ')') {
        if (!argument(*t, inputs, arguments)) return nullptr;
        skip_space();
        if (peek() == ',') {
          ++at_;
          skip_space();
        } else if (peek() != ')') {
          return fail(begin, at_ - begin, "expected ',' or ')'");
        }
      }
      ++at_;
    }
    return make_call(t->transform, name_span, std::move(inputs), std::move(arguments),
                     place(begin, at_ - begin), diagnostics_);
  }

  bool argument(const TransformSpec& t, std::vector<TensorExprPtr>& inputs,
                std::vector<Argument>& arguments) {
    const std::size_t begin = at_;
    const std::string_view name = identifier();
    std::size_t after = at_;
    while (after < text_.size() && text_[after] == ' ') ++after;
    const bool named = !name.empty() && after < text_.size() && text_[after] == '=' &&
                       text_.substr(after, 2) != "==";
    if (!named) {
      at_ = begin;
      if (t.variadic || inputs.size() < t.inputs.size()) {
        TensorExprPtr input = pipeline();
        if (input) inputs.push_back(input);
        return input != nullptr;
      }
      if (t.main.empty()) {
        fail(begin, 1, fmt::format("'{}' takes no more operands", t.name));
        return false;
      }
      return value_of(t, std::string(t.main), place(begin, 0), arguments);
    }
    at_ = after + 1;
    skip_space();
    return value_of(t, std::string(name), place(begin, name.size()), arguments);
  }

  bool value_of(const TransformSpec& t, std::string name, Span name_span,
                std::vector<Argument>& arguments) {
    const std::size_t begin = at_;
    const std::size_t end = end_of_value();
    std::string_view raw = text_.substr(begin, end - begin);
    while (!raw.empty() && raw.back() == ' ') raw.remove_suffix(1);
    if (raw.empty()) {
      fail(begin, 1, fmt::format("'{}' has no value", name));
      return false;
    }
    at_ = end;
    std::size_t offset = begin;
    const bool quoted = raw.size() >= 2 && (raw[0] == '"' || raw[0] == '\'') &&
                        raw.back() == raw[0] && raw.find(raw[0], 1) == raw.size() - 1;
    if (quoted) {
      raw = raw.substr(1, raw.size() - 2);
      ++offset;
    }
    const Parameter* p = t.find(name);
    auto value = parse_argument(raw, quoted, p ? p->kind : ParamKind::integer, p,
                                place(offset, raw.size()), diagnostics_);
    if (!value) return false;
    if (name_span.begin == name_span.end) name_span = value->span;
    arguments.push_back({std::move(name), name_span, false, std::move(*value)});
    return true;
  }

  std::size_t end_of_value() const {
    int depth = 0;
    char quote = 0;
    std::size_t i = at_;
    for (; i < text_.size(); ++i) {
      const char c = text_[i];
      if (quote != 0) {
        if (c == quote) quote = 0;
        continue;
      }
      if (c == '\'' || c == '"') quote = c;
      if (c == '(' || c == '[' || c == '{') ++depth;
      if (c == ')' || c == ']' || c == '}') {
        if (depth == 0) break;
        --depth;
      }
      if (c == ',' && depth == 0) break;
    }
    return i;
  }

  std::string_view identifier() {
    const std::size_t begin = at_;
    const auto is_word = [&](char c) {
      const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
      const bool later = (c >= '0' && c <= '9') || (c == '-' && at_ + 1 < text_.size());
      return letter || (later && at_ > begin);
    };
    while (at_ < text_.size() && is_word(text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
  }
  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  Span place(std::size_t begin, std::size_t length) const {
    return spans_.part(begin, begin + length);
  }
  TensorExprPtr fail(std::size_t begin, std::size_t length, std::string message) {
    diagnostics_.add(error("E121", std::move(message)).at(place(begin, length)));
    return nullptr;
  }

  /// Counts how deep the descent is, for as long as it lives.
  class Nesting {
   public:
    explicit Nesting(int& depth) : depth_(depth) { ++depth_; }
    ~Nesting() { --depth_; }
    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;
    bool too_deep() const { return depth_ > most_nesting; }

   private:
    int& depth_;
  };

  std::string_view text_;
  SpanMap spans_;
  Diagnostics& diagnostics_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

TensorExprPtr parse_tensor_expression(std::string_view text, Span span, Diagnostics& diagnostics) {
  return PipelineParser(text, span, diagnostics).whole();
}

std::optional<ArgumentValue> parse_argument(std::string_view text, bool quoted, ParamKind kind,
                                            const Parameter* parameter, Span span,
                                            Diagnostics& diagnostics) {
  ArgumentValue value;
  value.span = span;
  const bool has_template = text.find("${") != std::string_view::npos;
  const bool word =
      is_word_kind(kind) || (kind == ParamKind::number_or_choice && is_choice(parameter, text));
  if (has_template || word) {
    value.text = parse_template(text, span, diagnostics);
    if (!value.text) return std::nullopt;
    return value;
  }
  if (!quoted && (looks_like_number(text) || is_not_finite(text))) {
    diagnostics.add(
        error("E126", fmt::format("'{}' is not a number here", escape_for_terminal(text)))
            .at(span)
            .hint("numbers are finite, without separators and leading zeros: 12, 0.5, 1e-3"));
    return std::nullopt;
  }
  value.expression = parse_expression(text, span, diagnostics);
  if (!value.expression) return std::nullopt;
  return value;
}

TensorExprPtr make_call(Transform transform, Span transform_span, std::vector<TensorExprPtr> inputs,
                        std::vector<Argument> arguments, Span span, Diagnostics& diagnostics) {
  const TransformSpec& t = spec(transform);
  bool good = check_arguments(t, arguments, transform_span, diagnostics);
  // How many a repeated operand is, its rule's instances tell.
  const bool open = t.variadic && std::any_of(inputs.begin(), inputs.end(),
                                              [](const auto& input) { return input->is_repeated; });
  const bool too_few = inputs.size() < t.min_inputs() && !open;
  const bool too_many = !t.variadic && inputs.size() > t.inputs.size();
  if (too_few || too_many) {
    const std::string wanted =
        t.variadic ? (t.least == 1 ? "one or more operands" : "two or more operands")
                   : fmt::format("{} operand{}", t.inputs.size(), t.inputs.size() == 1 ? "" : "s");
    diagnostics.add(error("E124", fmt::format("'{}' takes {}, here {} {}", t.name, wanted,
                                              inputs.size() == 1 ? "is" : "are", inputs.size()))
                        .at(transform_span)
                        .hint(too_few && t.min_inputs() > 1
                                  ? fmt::format("from: [ A, B ] with combine: {}", t.example)
                                  : ""));
    good = false;
  }
  if (!good) return nullptr;
  auto call = std::make_shared<TensorExpr>();
  call->kind = TensorExpr::Kind::call;
  call->transform = transform;
  call->transform_span = transform_span;
  call->inputs = std::move(inputs);
  call->arguments = std::move(arguments);
  call->span = span;
  return call;
}

}  // namespace inarch
