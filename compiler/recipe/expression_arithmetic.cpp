#include "compiler/recipe/expression_arithmetic.h"

#include <cmath>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "compiler/support/sizes.h"

namespace inarch {

namespace {

Diagnostic wrong_kinds(std::string_view op, const Value& a, const Value& b) {
  return error("E151",
               fmt::format("'{}' takes two numbers, found {} and {}", op, a.kind(), b.kind()));
}
Diagnostic overflow(std::string_view op) {
  return error("E153", fmt::format("the result of '{}' does not fit 64 bits", op));
}
Diagnostic no_answer(std::string message) { return error("E152", std::move(message)); }

Result<Value> integer_power(std::int64_t base, std::int64_t exponent) {
  std::int64_t result = 1;
  std::int64_t square = base;
  for (std::int64_t rest = exponent; rest != 0; rest >>= 1) {
    if ((rest & 1) != 0 && __builtin_mul_overflow(result, square, &result)) return overflow("**");
    if (rest > 1 && __builtin_mul_overflow(square, square, &square)) return overflow("**");
  }
  return Value(result);
}

// Rounded down, as in Python: -7 // 2 is -4 and -7 % 2 is 1.
Result<Value> floor_division(char op, std::int64_t a, std::int64_t b) {
  if (b == 0) return no_answer("division by zero");
  if (b == -1) {
    if (op == '%') return Value(0);
    return negate(Value(a));
  }
  const bool down = a % b != 0 && ((a % b < 0) != (b < 0));
  return Value(op == '%' ? a % b + (down ? b : 0) : a / b - (down ? 1 : 0));
}

Result<Value> on_integers(std::string_view op, std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  if (op == "//" || op == "%") return floor_division(op[0], a, b);
  if (op == "**") return integer_power(a, b);
  const bool overflows = op == "+"   ? __builtin_add_overflow(a, b, &result)
                         : op == "-" ? __builtin_sub_overflow(a, b, &result)
                                     : __builtin_mul_overflow(a, b, &result);
  if (overflows) return overflow(op);
  return Value(result);
}

Result<Value> finite(std::string_view op, double result) {
  if (std::isnan(result)) return no_answer(fmt::format("'{}' has no answer here", op));
  if (std::isinf(result)) return error("E153", fmt::format("the result of '{}' is too large", op));
  return Value(result);
}

Result<Value> on_reals(std::string_view op, double a, double b) {
  const bool divides = op == "/" || op == "//" || op == "%";
  if ((divides && b == 0) || (op == "**" && a == 0 && b < 0)) return no_answer("division by zero");
  if (op == "+") return finite(op, a + b);
  if (op == "-") return finite(op, a - b);
  if (op == "*") return finite(op, a * b);
  if (op == "/") return finite(op, a / b);
  if (op == "//") return finite(op, std::floor(a / b));
  if (op == "%") return finite(op, a - b * std::floor(a / b));
  return finite(op, std::pow(a, b));
}

template <typename Sequence>
Result<Value> join(const Sequence& a, const Sequence& b) {
  if (a.size() + b.size() > static_cast<std::size_t>(max_list)) {
    return error("E154", fmt::format("'+' makes something longer than {}", format_count(max_list)));
  }
  Sequence joined = a;
  joined.insert(joined.end(), b.begin(), b.end());
  return Value(std::move(joined));
}

template <typename T>
bool ordered(std::string_view op, const T& a, const T& b) {
  if (op == "<") return a < b;
  if (op == "<=") return a <= b;
  if (op == ">") return a > b;
  return a >= b;
}

}  // namespace

Result<Value> arithmetic(std::string_view op, const Value& a, const Value& b) {
  if (op == "+" && a.if_text() && b.if_text()) return join(*a.if_text(), *b.if_text());
  if (op == "+" && a.if_list() && b.if_list()) return join(*a.if_list(), *b.if_list());
  if (!a.is_number() || !b.is_number()) return wrong_kinds(op, a, b);
  const auto* i = a.if_int();
  const auto* j = b.if_int();
  const bool real_result = op == "/" || (op == "**" && j && *j < 0);
  if (i && j && !real_result) return on_integers(op, *i, *j);
  return on_reals(op, a.as_real(), b.as_real());
}

Result<Value> negate(const Value& a) {
  if (const auto* real = a.if_real()) return Value(-*real);
  const auto* integer = a.if_int();
  if (!integer) return error("E151", fmt::format("'-' takes a number, found {}", a.kind()));
  std::int64_t result = 0;
  if (__builtin_sub_overflow(std::int64_t{0}, *integer, &result)) return overflow("-");
  return Value(result);
}

Result<Value> compare(std::string_view op, const Value& a, const Value& b) {
  if (a.if_text() && b.if_text()) return Value(ordered(op, *a.if_text(), *b.if_text()));
  if (a.if_int() && b.if_int()) return Value(ordered(op, *a.if_int(), *b.if_int()));
  if (a.is_number() && b.is_number()) return Value(ordered(op, a.as_real(), b.as_real()));
  return error("E151", fmt::format("'{}' compares two numbers or two texts, found {} and {}", op,
                                   a.kind(), b.kind()));
}

Result<Value> integer_range(const Value& first, const Value& last, std::int64_t step) {
  if (!first.if_int() || !last.if_int()) {
    return error("E151", fmt::format("a range runs between two integers, found {} and {}",
                                     first.kind(), last.kind()));
  }
  if (step <= 0) return error("E151", "the step of a range is a positive integer");
  const std::int64_t begin = *first.if_int();
  const std::int64_t end = *last.if_int();
  std::int64_t length = 0;
  if (begin < end && (__builtin_sub_overflow(end, begin, &length) || length / step >= max_list)) {
    const bool fits = length == max_list && step == 1;
    if (!fits) {
      return error("E154", fmt::format("the range {} .. {} is longer than {}", begin, end,
                                       format_count(max_list)));
    }
  }
  Value::List list;
  for (std::int64_t i = begin; i < end; i += step) list.emplace_back(i);
  return Value(std::move(list));
}

}  // namespace inarch
