#include "compiler/recipe/expression_parser.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "compiler/recipe/expression_functions.h"
#include "compiler/recipe/expression_lexer.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

// Bounds the recursion of parsing, evaluating and freeing a tree.
constexpr int max_depth = 200;

// Recursive descent, one function per level of precedence, loosest first. A null pointer means that
// a fault has been reported; it travels up without another.
class Parser {
 public:
  Parser(std::vector<Token> tokens, const SpanMap& spans, Diagnostics& diagnostics)
      : tokens_(std::move(tokens)), spans_(spans), diagnostics_(diagnostics) {}

  ExprPtr whole() {
    if (peek().kind == Token::Kind::end) return fail("E148", "the expression is empty");
    ExprPtr expression = conditional();
    if (!expression || peek().kind == Token::Kind::end) return expression;
    return fail("E143", fmt::format("expected an operator or the end, found {}", found()),
                peek().is(":") ? "a range is written 0 .. 4" : "");
  }

 private:
  using Level = ExprPtr (Parser::*)();

  const Token& peek(std::size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }
  bool accept(std::string_view text) {
    if (!peek().is(text)) return false;
    ++at_;
    return true;
  }
  std::string found() const {
    if (peek().kind == Token::Kind::end) return "the end";
    return fmt::format("'{}'", escape_for_terminal(peek().raw));
  }
  ExprPtr fail(std::string code, std::string message, std::string help = {}) {
    const Token& token = peek();
    diagnostics_.add(error(std::move(code), std::move(message))
                         .at(spans_.part(token.begin, token.end()))
                         .hint(std::move(help)));
    return nullptr;
  }

  ExprPtr make(Expr::Kind kind, std::size_t begin, std::string name, std::vector<ExprPtr> items,
               Value literal = {}, std::vector<std::string> variables = {}) {
    auto node = std::make_shared<Expr>();
    node->kind = kind;
    node->span = spans_.part(begin, tokens_[at_ - 1].end());
    node->name = std::move(name);
    node->literal = std::move(literal);
    node->variables = std::move(variables);
    for (const ExprPtr& item : items) node->depth = std::max(node->depth, item->depth + 1);
    node->items = std::move(items);
    if (node->depth <= max_depth) return node;
    diagnostics_.add(
        error("E146", fmt::format("the expression is nested more than {} deep", max_depth))
            .at(spans_.part(begin, tokens_[at_ - 1].end()))
            .hint("name a part of it under let"));
    return nullptr;
  }

  ExprPtr conditional() {
    if (nesting_ >= max_depth / 2) {
      return fail("E146", fmt::format("brackets are nested more than {} deep", max_depth / 2));
    }
    ++nesting_;
    ExprPtr expression = conditional_inside();
    --nesting_;
    return expression;
  }
  ExprPtr conditional_inside() {
    const std::size_t begin = peek().begin;
    ExprPtr value = disjunction();
    if (!value || !accept("if")) return value;
    ExprPtr condition = disjunction();
    if (!condition) return nullptr;
    if (!accept("else")) {
      return fail("E143", fmt::format("expected 'else' after 'if', found {}", found()));
    }
    ExprPtr otherwise = conditional();
    if (!otherwise) return nullptr;
    return make(Expr::Kind::conditional, begin, {}, {value, condition, otherwise});
  }

  // A level whose operators group to the left.
  ExprPtr left_grouping(Level tighter, std::initializer_list<std::string_view> operators) {
    const std::size_t begin = peek().begin;
    ExprPtr left = (this->*tighter)();
    while (left) {
      const auto name = std::find_if(operators.begin(), operators.end(),
                                     [&](std::string_view op) { return peek().is(op); });
      if (name == operators.end()) break;
      ++at_;
      ExprPtr right = (this->*tighter)();
      if (!right) return nullptr;
      left = make(Expr::Kind::binary, begin, std::string(*name), {left, right});
    }
    return left;
  }

  ExprPtr disjunction() { return left_grouping(&Parser::conjunction, {"or"}); }
  ExprPtr conjunction() { return left_grouping(&Parser::negation, {"and"}); }

  ExprPtr prefixed(std::string_view op, Level operand) {
    const std::size_t begin = peek().begin;
    ++at_;
    if (++prefixes_ > max_depth) return fail("E146", "too many operators in a row");
    ExprPtr inner = (this->*operand)();
    --prefixes_;
    return inner ? make(Expr::Kind::unary, begin, std::string(op), {inner}) : nullptr;
  }
  ExprPtr negation() {
    return peek().is("not") ? prefixed("not", &Parser::negation) : comparison();
  }

  std::string accept_comparison() {
    for (std::string_view op : {"==", "!=", "<=", ">=", "<", ">", "in"}) {
      if (accept(op)) return std::string(op);
    }
    if (!peek().is("not") || !peek(1).is("in")) return {};
    at_ += 2;
    return "not in";
  }
  // `a <= b < c` means `a <= b and b < c`.
  ExprPtr comparison() {
    const std::size_t begin = peek().begin;
    ExprPtr left = range();
    ExprPtr all;
    for (std::size_t from = begin; left;) {
      const std::string op = accept_comparison();
      if (op.empty()) return all ? all : left;
      const std::size_t next = peek().begin;
      ExprPtr right = range();
      if (!right) return nullptr;
      ExprPtr one = make(Expr::Kind::binary, from, op, {left, right});
      if (!one) return nullptr;
      all = all ? make(Expr::Kind::binary, begin, "and", {all, one}) : one;
      if (!all) return nullptr;
      left = right;
      from = next;
    }
    return nullptr;
  }

  ExprPtr range() {
    const std::size_t begin = peek().begin;
    ExprPtr first = fallback();
    if (!first || !accept("..")) return first;
    ExprPtr last = fallback();
    return last ? make(Expr::Kind::binary, begin, "..", {first, last}) : nullptr;
  }
  ExprPtr fallback() { return left_grouping(&Parser::sum, {"??"}); }
  ExprPtr sum() { return left_grouping(&Parser::product, {"+", "-"}); }
  ExprPtr product() { return left_grouping(&Parser::sign, {"*", "//", "/", "%"}); }
  ExprPtr sign() { return peek().is("-") ? prefixed("-", &Parser::sign) : power(); }

  // Groups to the right, and binds tighter than a sign on its left: -2 ** 2 is -4.
  ExprPtr power() {
    const std::size_t begin = peek().begin;
    ExprPtr base = postfix();
    if (!base || !accept("**")) return base;
    if (++prefixes_ > max_depth) return fail("E146", "too many operators in a row");
    ExprPtr exponent = sign();
    --prefixes_;
    return exponent ? make(Expr::Kind::binary, begin, "**", {base, exponent}) : nullptr;
  }

  ExprPtr postfix() {
    const std::size_t begin = peek().begin;
    ExprPtr value = primary();
    while (value) {
      if (accept(".")) {
        if (peek().kind != Token::Kind::word) {
          return fail("E143", fmt::format("expected a key after '.', found {}", found()),
                      "a key that is no word is written in brackets: config[\"5\"]");
        }
        std::string key(peek().raw);
        ++at_;
        value = make(Expr::Kind::member, begin, std::move(key), {value});
      } else if (peek().is("[")) {
        const std::size_t open = at_++;
        ExprPtr index = conditional();
        if (!index || !close("]", open)) return nullptr;
        value = make(Expr::Kind::index, begin, {}, {value, index});
      } else {
        break;
      }
    }
    return value;
  }

  bool close(std::string_view bracket, std::size_t open) {
    if (accept(bracket)) return true;
    diagnostics_.add(
        error("E144", fmt::format("expected '{}', found {}", bracket, found()))
            .at(spans_.part(peek().begin, peek().end()))
            .also(spans_.part(tokens_[open].begin, tokens_[open].end()), "opened here"));
    return false;
  }

  ExprPtr primary() {
    const Token& token = peek();
    const std::size_t begin = token.begin;
    if (token.kind == Token::Kind::literal) {
      ++at_;
      return make(Expr::Kind::literal, begin, {}, {}, token.value);
    }
    if (token.is("(")) return parenthesised();
    if (token.is("[")) return list();
    if (token.kind == Token::Kind::word) return word();
    return fail("E143", fmt::format("expected a value, found {}", found()));
  }

  ExprPtr parenthesised() {
    const std::size_t open = at_++;
    ExprPtr inner = conditional();
    if (!inner || !close(")", open)) return nullptr;
    return inner;
  }

  ExprPtr word() {
    const Token& token = peek();
    const std::size_t begin = token.begin;
    static const std::array<std::pair<std::string_view, Value>, 3> constants = {
        {{"true", true}, {"false", false}, {"null", nullptr}}};
    for (const auto& [name, value] : constants) {
      if (accept(name)) return make(Expr::Kind::literal, begin, {}, {}, value);
    }
    if (is_reserved(token.raw)) {
      return fail("E143", fmt::format("expected a value, found '{}'", token.raw));
    }
    if (peek(1).is("(")) return call();
    ++at_;
    return make(Expr::Kind::name, begin, std::string(token.raw), {});
  }

  ExprPtr call() {
    const std::size_t begin = peek().begin;
    const std::string name(peek().raw);
    const Function* function = find_function(name);
    if (!function) {
      const std::string near = nearest(name, function_names());
      return fail("E145", fmt::format("unknown function '{}'", name),
                  near.empty() ? "functions: " + join_names(function_names(), 50)
                               : fmt::format("did you mean '{}'?", near));
    }
    const std::size_t open = at_ + 1;
    at_ += 2;
    std::vector<ExprPtr> arguments;
    if (!items_until(")", open, arguments)) return nullptr;
    ExprPtr node = make(Expr::Kind::call, begin, name, std::move(arguments));
    if (!node || function->takes(node->items.size())) return node;
    diagnostics_.add(error("E145", fmt::format("{} takes {}, found {}", name, function->arity(),
                                               node->items.size()))
                         .at(node->span)
                         .hint(function->usage));
    return nullptr;
  }

  bool items_until(std::string_view bracket, std::size_t open, std::vector<ExprPtr>& items) {
    while (!peek().is(bracket)) {
      ExprPtr item = conditional();
      if (!item) return false;
      items.push_back(std::move(item));
      if (!accept(",")) break;
    }
    return close(bracket, open);
  }

  ExprPtr list() {
    const std::size_t begin = peek().begin;
    const std::size_t open = at_++;
    std::vector<ExprPtr> items;
    if (!peek().is("]")) {
      ExprPtr first = conditional();
      if (!first) return nullptr;
      if (peek().is("for")) return comprehension(begin, open, std::move(first));
      items.push_back(std::move(first));
      if (accept(",")) {
        if (!items_until("]", open, items)) return nullptr;
        return make(Expr::Kind::list, begin, {}, std::move(items));
      }
    }
    if (!close("]", open)) return nullptr;
    return make(Expr::Kind::list, begin, {}, std::move(items));
  }

  ExprPtr comprehension(std::size_t begin, std::size_t open, ExprPtr body) {
    std::vector<std::string> variables;
    do {
      ++at_;
      if (peek().kind != Token::Kind::word || is_reserved(peek().raw)) {
        return fail("E143", fmt::format("expected a name after '{}', found {}",
                                        variables.empty() ? "for" : ",", found()));
      }
      variables.emplace_back(peek().raw);
      ++at_;
    } while (peek().is(","));
    if (!accept("in")) {
      return fail("E143", fmt::format("expected 'in' after 'for {}', found {}",
                                      fmt::join(variables, ", "), found()));
    }
    std::vector<ExprPtr> items = {std::move(body), disjunction()};
    if (!items.back()) return nullptr;
    if (accept("if")) {
      items.push_back(disjunction());
      if (!items.back()) return nullptr;
    }
    if (!close("]", open)) return nullptr;
    return make(Expr::Kind::comprehension, begin, {}, std::move(items), {}, std::move(variables));
  }

  std::vector<Token> tokens_;
  const SpanMap& spans_;
  Diagnostics& diagnostics_;
  std::size_t at_ = 0;
  int nesting_ = 0;
  int prefixes_ = 0;
};

}  // namespace

ExprPtr parse_expression_at(std::string_view text, const SpanMap& spans, Diagnostics& diagnostics) {
  auto tokens = read_tokens(text, spans, diagnostics);
  if (!tokens) return nullptr;
  return Parser(std::move(*tokens), spans, diagnostics).whole();
}

ExprPtr parse_expression(std::string_view text, Span span, Diagnostics& diagnostics) {
  return parse_expression_at(text, SpanMap(text, span), diagnostics);
}

}  // namespace inarch
