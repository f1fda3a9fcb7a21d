#include "compiler/recipe/expression_functions.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "compiler/recipe/expression_arithmetic.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

// min(a, b, c) and min(list) are the same.
Arguments spread(const Arguments& arguments) {
  const Value::List* list = arguments.size() == 1 ? arguments[0]->if_list() : nullptr;
  if (!list) return arguments;
  Arguments items;
  for (const Value& item : *list) items.push_back(&item);
  return items;
}

Result<Value> extreme(std::string_view name, std::string_view better, const Arguments& arguments) {
  const Arguments items = spread(arguments);
  if (items.empty()) return error("E152", fmt::format("{} of an empty list", name));
  const Value* best = nullptr;
  for (const Value* item : items) {
    if (!item->is_number()) return wrong_argument(name, "numbers", *item);
    const Result<Value> wins = best ? compare(better, *item, *best) : Result<Value>(Value(true));
    if (wins.ok() && *wins == Value(true)) best = item;
  }
  return *best;
}
Result<Value> smallest(const Arguments& a) { return extreme("min", "<", a); }
Result<Value> largest(const Arguments& a) { return extreme("max", ">", a); }

Result<Value> total(const Arguments& arguments) {
  if (!arguments[0]->if_list()) return wrong_argument("sum", "a list of numbers", *arguments[0]);
  Value sum(0);
  for (const Value& item : *arguments[0]->if_list()) {
    if (!item.is_number()) return wrong_argument("sum", "a list of numbers", item);
    Result<Value> next = arithmetic("+", sum, item);
    if (!next) return next;
    sum = std::move(*next);
  }
  return sum;
}

Result<Value> absolute(const Arguments& arguments) {
  const Value& x = *arguments[0];
  if (!x.is_number()) return wrong_argument("abs", "a number", x);
  return x.as_real() < 0 ? negate(x) : Result<Value>(x);
}

Result<Value> square_root(const Arguments& arguments) {
  const Value& x = *arguments[0];
  if (!x.is_number()) return wrong_argument("sqrt", "a number", x);
  if (x.as_real() < 0) return error("E152", "sqrt of a negative number");
  return Value(std::sqrt(x.as_real()));
}

Result<Value> to_integer(std::string_view name, const Value& x, double (*rounded)(double)) {
  if (x.if_int()) return x;
  if (!x.if_real()) return wrong_argument(name, "a number", x);
  const double whole = rounded(*x.if_real());
  // 2^63 is the first real that an integer cannot hold; a NaN fails the comparison too.
  if (!(std::abs(whole) < 9223372036854775808.0)) {
    return error("E153", fmt::format("the result of {} does not fit 64 bits", name));
  }
  return Value(static_cast<std::int64_t>(whole));
}
Result<Value> round_down(const Arguments& a) {
  return to_integer("floor", *a[0], [](double x) { return std::floor(x); });
}
Result<Value> round_up(const Arguments& a) {
  return to_integer("ceil", *a[0], [](double x) { return std::ceil(x); });
}
// Ties go to the even integer, the rounding mode that every process starts with.
Result<Value> round_nearest(const Arguments& a) {
  return to_integer("round", *a[0], [](double x) { return std::nearbyint(x); });
}
Result<Value> integer_of(const Arguments& arguments) {
  const std::string* text = arguments[0]->if_text();
  if (!text) return to_integer("int", *arguments[0], [](double x) { return std::trunc(x); });
  std::int64_t value = 0;
  const auto [end, failure] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (failure == std::errc() && end == text->data() + text->size()) return Value(value);
  return error("E151", fmt::format("int takes a number, found the text '{}'",
                                   escape_for_terminal(*text, 40)));
}

Result<Value> length(const Arguments& arguments) {
  const Value& x = *arguments[0];
  std::size_t size = 0;
  if (const auto* text = x.if_text()) {
    size = text->size();
  } else if (const auto* list = x.if_list()) {
    size = list->size();
  } else if (const auto* map = x.if_map()) {
    size = map->size();
  } else {
    return wrong_argument("len", "a list, a mapping or text", x);
  }
  return Value(static_cast<std::int64_t>(size));
}

Result<Value> range_of(const Arguments& arguments) {
  if (arguments.size() == 1) return integer_range(Value(0), *arguments[0]);
  if (arguments.size() == 2) return integer_range(*arguments[0], *arguments[1]);
  const std::int64_t* step = arguments[2]->if_int();
  return integer_range(*arguments[0], *arguments[1], step ? *step : 0);
}

Result<Value> contains(const Arguments& arguments) {
  const Value& whole = *arguments[0];
  const Value& part = *arguments[1];
  if (const auto* list = whole.if_list()) {
    return Value(std::find(list->begin(), list->end(), part) != list->end());
  }
  if (whole.if_map() && part.if_text()) return Value(whole.find(*part.if_text()) != nullptr);
  if (whole.if_text() && part.if_text()) {
    return Value(whole.if_text()->find(*part.if_text()) != std::string::npos);
  }
  return wrong_argument("contains", "a list and an item, a mapping and a key, or two texts", whole);
}

Result<Value> logarithm(const Arguments& arguments) {
  const Value& x = *arguments[0];
  if (!x.is_number()) return wrong_argument("log", "a number", x);
  if (x.as_real() <= 0) return error("E152", "log of a number that is not positive");
  return Value(std::log(x.as_real()));
}

Result<Value> exponential(const Arguments& arguments) {
  const Value& x = *arguments[0];
  if (!x.is_number()) return wrong_argument("exp", "a number", x);
  const double result = std::exp(x.as_real());
  if (std::isinf(result)) return error("E153", "the result of exp is too large");
  return Value(result);
}

Result<Value> is_text(const Arguments& a) { return Value(a[0]->if_text() != nullptr); }
Result<Value> is_list(const Arguments& a) { return Value(a[0]->if_list() != nullptr); }

std::vector<Function> number_functions() {
  return {
      {"abs", 1, 1, "abs(x)", absolute},
      {"ceil", 1, 1, "ceil(x)", round_up},
      {"contains", 2, 2, "contains(list, item), contains(text, part)", contains},
      {"exp", 1, 1, "exp(x)", exponential},
      {"floor", 1, 1, "floor(x)", round_down},
      {"int", 1, 1, "int(x)", integer_of},
      {"is_list", 1, 1, "is_list(x)", is_list, true},
      {"is_text", 1, 1, "is_text(x)", is_text, true},
      {"len", 1, 1, "len(list), len(text)", length},
      {"log", 1, 1, "log(x)", logarithm},
      {"max", 1, any_number, "max(a, b, …), max(list)", largest},
      {"min", 1, any_number, "min(a, b, …), min(list)", smallest},
      {"range", 1, 3, "range(end), range(begin, end), range(begin, end, step)", range_of},
      {"round", 1, 1, "round(x)", round_nearest},
      {"sqrt", 1, 1, "sqrt(x)", square_root},
      {"sum", 1, 1, "sum(list)", total},
  };
}

const std::vector<Function>& table() {
  static const std::vector<Function> functions = [] {
    std::vector<Function> all = number_functions();
    for (const auto& more : {list_functions(), text_functions()})
      all.insert(all.end(), more.begin(), more.end());
    std::sort(all.begin(), all.end(),
              [](const Function& a, const Function& b) { return a.name < b.name; });
    return all;
  }();
  return functions;
}

}  // namespace

Diagnostic wrong_argument(std::string_view function, std::string_view expected,
                          const Value& found) {
  return error("E151", fmt::format("{} takes {}, found {}", function, expected, found.kind()));
}

std::string Function::arity() const {
  if (most == any_number)
    return fmt::format("at least {} argument{}", least, least == 1 ? "" : "s");
  if (least != most) return fmt::format("{} to {} arguments", least, most);
  return fmt::format("{} argument{}", least, least == 1 ? "" : "s");
}

const Function* find_function(std::string_view name) {
  for (const Function& function : table()) {
    if (function.name == name) return &function;
  }
  return nullptr;
}

std::vector<std::string> function_names() {
  std::vector<std::string> names;
  for (const Function& function : table()) names.push_back(function.name);
  return names;
}

}  // namespace inarch
