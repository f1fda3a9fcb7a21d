#include <algorithm>
#include <numeric>
#include <unordered_set>

#include <fmt/format.h>

#include "compiler/core/json.h"
#include "compiler/recipe/expression_arithmetic.h"
#include "compiler/recipe/expression_functions.h"
#include "compiler/support/sizes.h"

namespace inarch {

namespace {

Result<Value> enumerate(const Arguments& arguments) {
  const Value::List* list = arguments[0]->if_list();
  if (!list) return wrong_argument("enumerate", "a list", *arguments[0]);
  Value::List pairs;
  std::int64_t place = 0;
  for (const Value& item : *list) pairs.emplace_back(Value::List{Value(place++), item});
  return Value(std::move(pairs));
}

Result<Value> zip(const Arguments& arguments) {
  for (const Value* argument : arguments) {
    if (!argument->if_list()) return wrong_argument("zip", "lists", *argument);
  }
  const std::size_t length = arguments[0]->if_list()->size();
  for (const Value* argument : arguments) {
    const std::size_t other = argument->if_list()->size();
    if (other == length) continue;
    return error("E152",
                 fmt::format("zip takes lists of one length, found {} and {}", length, other));
  }
  Value::List tuples;
  for (std::size_t k = 0; k < length; ++k) {
    Value::List tuple;
    for (const Value* argument : arguments) tuple.push_back((*argument->if_list())[k]);
    tuples.emplace_back(std::move(tuple));
  }
  return Value(std::move(tuples));
}

/// One level: what is no list stays.
Result<Value> flatten(const Arguments& arguments) {
  const Value::List* list = arguments[0]->if_list();
  if (!list) return wrong_argument("flatten", "a list of lists", *arguments[0]);
  Value::List flat;
  for (const Value& item : *list) {
    if (const Value::List* inner = item.if_list()) {
      flat.insert(flat.end(), inner->begin(), inner->end());
    } else {
      flat.push_back(item);
    }
    if (flat.size() > static_cast<std::size_t>(max_list)) {
      return error("E154",
                   fmt::format("flatten makes a list longer than {}", format_count(max_list)));
    }
  }
  return Value(std::move(flat));
}

/// Where the items of each list are in flatten(lists).
Result<Value> places(const Arguments& arguments) {
  const Value::List* lists = arguments[0]->if_list();
  if (!lists) return wrong_argument("places", "a list of lists", *arguments[0]);
  Value::List all;
  std::int64_t place = 0;
  for (const Value& item : *lists) {
    const Value::List* list = item.if_list();
    if (!list) return wrong_argument("places", "a list of lists", item);
    Value::List here;
    for (std::size_t k = 0; k < list->size(); ++k) here.emplace_back(place++);
    all.emplace_back(std::move(here));
  }
  return Value(std::move(all));
}

/// Null where the list has no such item, so that `index(list, x) ?? 0` gives a value for that.
Result<Value> index(const Arguments& arguments) {
  const Value::List* list = arguments[0]->if_list();
  if (!list) return wrong_argument("index", "a list and an item", *arguments[0]);
  const auto found = std::find(list->begin(), list->end(), *arguments[1]);
  if (found == list->end()) return Value();
  return Value(static_cast<std::int64_t>(found - list->begin()));
}

/// Piecewise linear between the numbers of a list, which stand at equal distances over the places
/// 0 … n - 1: `gradient([0, 1], i, n)` is i / (n - 1). A single place has the last number.
Result<Value> gradient(const Arguments& arguments) {
  const Value::List* list = arguments[0]->if_list();
  const std::int64_t* place = arguments[1]->if_int();
  const std::int64_t* count = arguments[2]->if_int();
  if (!list)
    return wrong_argument("gradient", "a list of numbers, a place and a count", *arguments[0]);
  for (const Value& item : *list) {
    if (!item.is_number()) return wrong_argument("gradient", "a list of numbers", item);
  }
  if (!place || !count)
    return wrong_argument("gradient", "a place and a count", place ? *arguments[2] : *arguments[1]);
  if (list->empty()) return error("E152", "gradient of an empty list");
  if (*place < 0 || *place >= *count) {
    return error("E152", fmt::format("gradient's place is {}, and there are {}", *place, *count));
  }
  const auto last = static_cast<double>(list->size() - 1);
  const double t = *count == 1 ? 1 : static_cast<double>(*place) / static_cast<double>(*count - 1);
  const auto before = static_cast<std::size_t>(t * last);
  const std::size_t after = std::min(list->size() - 1, before + 1);
  const double share = t * last - static_cast<double>(before);
  return Value((1 - share) * (*list)[before].as_real() + share * (*list)[after].as_real());
}

/// What `sort` and `argsort` have in common: the places of the items in their order. Equal items
/// keep theirs.
Result<std::vector<std::size_t>> order(std::string_view name, const Arguments& arguments) {
  const Value::List* list = arguments[0]->if_list();
  if (!list) return wrong_argument(name, "a list of numbers or of texts", *arguments[0]);
  bool descending = false;
  if (arguments.size() > 1) {
    const std::string* text = arguments[1]->if_text();
    descending = text && *text == "descending";
    if (!text || (!descending && *text != "ascending")) {
      return error("E151", fmt::format("{}'s order is 'ascending' or 'descending'", name));
    }
  }
  for (const Value& item : *list) {
    const bool fits = list->front().is_number() ? item.is_number() : item.if_text() != nullptr;
    if (!fits) return wrong_argument(name, "a list of numbers or of texts", item);
  }
  std::vector<std::size_t> places(list->size());
  std::iota(places.begin(), places.end(), std::size_t{0});
  const auto less = [&](std::size_t a, std::size_t b) {
    const Result<Value> answer = compare("<", (*list)[a], (*list)[b]);
    return answer.ok() && *answer == Value(true);
  };
  std::stable_sort(places.begin(), places.end(), [&](std::size_t a, std::size_t b) {
    return descending ? less(b, a) : less(a, b);
  });
  return places;
}

Result<Value> sort(const Arguments& arguments) {
  const auto places = order("sort", arguments);
  if (!places) return places.error();
  Value::List sorted;
  for (const std::size_t place : *places) sorted.push_back((*arguments[0]->if_list())[place]);
  return Value(std::move(sorted));
}

Result<Value> argsort(const Arguments& arguments) {
  const auto places = order("argsort", arguments);
  if (!places) return places.error();
  Value::List sorted;
  for (const std::size_t place : *places) sorted.emplace_back(static_cast<std::int64_t>(place));
  return Value(std::move(sorted));
}

Result<Value> reverse(const Arguments& arguments) {
  const Value::List* list = arguments[0]->if_list();
  if (!list) return wrong_argument("reverse", "a list", *arguments[0]);
  return Value(Value::List(list->rbegin(), list->rend()));
}

/// A key that equal values share: 2 and 2.0 are one number.
std::string identity_of(const Value& value) {
  if (const Value::List* list = value.if_list()) {
    std::string key = "[";
    for (const Value& item : *list) key += identity_of(item) + ",";
    return key + "]";
  }
  if (const Value::Map* map = value.if_map()) {
    std::string key = "{";
    for (const auto& [name, item] : *map) key += json_quote(name) + ":" + identity_of(item) + ",";
    return key + "}";
  }
  if (const double* real = value.if_real()) {
    const auto whole = static_cast<std::int64_t>(std::clamp(*real, -9e15, 9e15));
    if (static_cast<double>(whole) == *real) return fmt::format("{}", whole);
  }
  return write_json(value, JsonStyle::compact);
}

Result<Value> unique(const Arguments& arguments) {
  const Value::List* list = arguments[0]->if_list();
  if (!list) return wrong_argument("unique", "a list", *arguments[0]);
  std::unordered_set<std::string> seen;
  Value::List kept;
  for (const Value& item : *list) {
    if (seen.insert(identity_of(item)).second) kept.push_back(item);
  }
  return Value(std::move(kept));
}

Result<Value> keys(const Arguments& arguments) {
  const Value::Map* map = arguments[0]->if_map();
  if (!map) return wrong_argument("keys", "a mapping", *arguments[0]);
  Value::List list;
  for (const auto& [key, value] : *map) list.emplace_back(key);
  return Value(std::move(list));
}

Result<Value> values(const Arguments& arguments) {
  const Value::Map* map = arguments[0]->if_map();
  if (!map) return wrong_argument("values", "a mapping", *arguments[0]);
  Value::List list;
  for (const auto& [key, value] : *map) list.push_back(value);
  return Value(std::move(list));
}

}  // namespace

std::vector<Function> list_functions() {
  return {
      {"argsort", 1, 2, "argsort(list), argsort(list, 'descending')", argsort},
      {"enumerate", 1, 1, "enumerate(list)", enumerate},
      {"flatten", 1, 1, "flatten(list of lists)", flatten},
      {"gradient", 3, 3, "gradient(list of numbers, place, count)", gradient},
      {"index", 2, 2, "index(list, item)", index},
      {"keys", 1, 1, "keys(mapping)", keys},
      {"places", 1, 1, "places(list of lists)", places},
      {"reverse", 1, 1, "reverse(list)", reverse},
      {"sort", 1, 2, "sort(list), sort(list, 'descending')", sort},
      {"unique", 1, 1, "unique(list)", unique},
      {"values", 1, 1, "values(mapping)", values},
      {"zip", 1, any_number, "zip(a, b, …)", zip},
  };
}

}  // namespace inarch
