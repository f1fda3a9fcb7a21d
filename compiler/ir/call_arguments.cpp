#include "compiler/ir/call_arguments.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "compiler/support/text.h"

namespace inarch {

namespace {

/// 3.0 is an integer to a person.
std::optional<std::int64_t> as_integer(const Value& value) {
  if (const auto* i = value.if_int()) return *i;
  const auto* d = value.if_real();
  if (d && std::floor(*d) == *d && std::abs(*d) < 9e15) return static_cast<std::int64_t>(*d);
  return std::nullopt;
}

std::optional<std::vector<std::int64_t>> as_integers(const Value& value) {
  if (const auto single = as_integer(value)) return std::vector<std::int64_t>{*single};
  const auto* list = value.if_list();
  if (!list) return std::nullopt;
  std::vector<std::int64_t> integers;
  for (const Value& item : *list) {
    const auto i = as_integer(item);
    if (!i) return std::nullopt;
    integers.push_back(*i);
  }
  return integers;
}

}  // namespace

CallArguments::CallArguments(const TensorExpr& call, const Scope& scope, Diagnostics& diagnostics)
    : spec_(inarch::spec(call.transform)), diagnostics_(diagnostics) {
  for (const Argument& argument : call.arguments) {
    auto value = evaluate_argument(argument.value, scope, diagnostics);
    if (!value) {
      ok_ = false;
    } else if (argument.is_axis) {
      axes_.push_back({argument.name, argument.name_span, std::move(*value), argument.value.span});
    } else {
      entries_.push_back({argument.name, std::move(*value), argument.value.span});
    }
  }
}

const CallArguments::Entry* CallArguments::find(std::string_view name) const {
  for (const Entry& entry : entries_) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

bool CallArguments::has(std::string_view name) const { return find(name) != nullptr; }

Span CallArguments::span(std::string_view name) const {
  const Entry* entry = find(name);
  return entry ? entry->span : Span();
}

void CallArguments::wrong(std::string_view name, std::string_view expected, const Value& found,
                          Span span) const {
  diagnostics_.add(
      error("E304", fmt::format("'{}' of '{}' must be {}, not {}", name, spec_.name, expected,
                                found.kind()))
          .at(span, found.if_list() || found.if_map()
                        ? ""
                        : fmt::format("this is {}", escape_for_terminal(to_text(found))))
          .hint(fmt::format("write it like this: {}", spec_.example)));
}

std::optional<std::int64_t> CallArguments::integer(std::string_view name,
                                                   std::int64_t otherwise) const {
  const Entry* entry = find(name);
  if (!entry) return otherwise;
  const auto value = as_integer(entry->value);
  if (!value) wrong(name, "an integer", entry->value, entry->span);
  return value;
}

std::optional<double> CallArguments::number(std::string_view name, double otherwise) const {
  const Entry* entry = find(name);
  if (!entry) return otherwise;
  if (!entry->value.is_number()) {
    wrong(name, "a number", entry->value, entry->span);
    return std::nullopt;
  }
  if (std::isfinite(entry->value.as_real())) return entry->value.as_real();
  diagnostics_.add(
      error("E313", fmt::format("'{}' of '{}' is not finite", name, spec_.name)).at(entry->span));
  return std::nullopt;
}

std::optional<std::string> CallArguments::text(std::string_view name,
                                               std::string_view otherwise) const {
  const Entry* entry = find(name);
  if (!entry) return std::string(otherwise);
  if (entry->value.if_list() || entry->value.if_map() || entry->value.is_null()) {
    wrong(name, "a word", entry->value, entry->span);
    return std::nullopt;
  }
  std::string text = to_text(entry->value);
  const Parameter* parameter = spec_.find(name);
  if (!parameter || parameter->kind != ParamKind::choice) return text;
  const auto& choices = parameter->choices;
  if (std::find(choices.begin(), choices.end(), text) != choices.end()) return text;
  const std::vector<std::string> names(choices.begin(), choices.end());
  const std::string near = nearest(text, names);
  diagnostics_.add(error("E304", fmt::format("'{}' is no '{}' of '{}'", escape_for_terminal(text),
                                             name, spec_.name))
                       .at(entry->span, fmt::format("expected {}", fmt::join(names, " or ")))
                       .hint(near.empty() ? "" : fmt::format("did you mean '{}'?", near)));
  return std::nullopt;
}

std::optional<bool> CallArguments::boolean(std::string_view name, bool otherwise) const {
  const Entry* entry = find(name);
  if (!entry) return otherwise;
  if (const bool* b = entry->value.if_bool()) return *b;
  wrong(name, "true or false", entry->value, entry->span);
  return std::nullopt;
}

std::optional<DType> CallArguments::dtype(std::string_view name) const {
  const Entry* entry = find(name);
  if (!entry) return std::nullopt;
  const auto dtype = dtype_from_recipe(to_text(entry->value));
  if (dtype && is_arithmetic(*dtype)) return dtype;
  diagnostics_.add(error("E162", fmt::format("'{}' is no dtype that can be written",
                                             escape_for_terminal(to_text(entry->value))))
                       .at(entry->span)
                       .note("dtypes: bf16, f16, f32, f64, f8_e4m3 and f8_e5m2"));
  return std::nullopt;
}

std::optional<std::vector<double>> CallArguments::numbers(std::string_view name) const {
  const Entry* entry = find(name);
  if (!entry) return std::vector<double>();
  std::vector<double> numbers;
  const Value::List* list = entry->value.if_list();
  if (!list) {
    wrong(name, "a list of numbers", entry->value, entry->span);
    return std::nullopt;
  }
  for (const Value& item : *list) {
    if (!item.is_number() || !std::isfinite(item.as_real())) {
      diagnostics_.add(
          error("E313", fmt::format("'{}' of '{}' must be finite numbers", name, spec_.name))
              .at(entry->span, fmt::format("{} is none", escape_for_terminal(to_text(item)))));
      return std::nullopt;
    }
    numbers.push_back(item.as_real());
  }
  return numbers;
}

std::optional<std::vector<double>> CallArguments::number_or_numbers(std::string_view name) const {
  const Entry* entry = find(name);
  if (entry && entry->value.if_list()) return numbers(name);
  const auto single = number(name, 0);
  if (!single) return std::nullopt;
  return std::vector<double>{*single};
}

std::optional<std::vector<std::int64_t>> CallArguments::integers(std::string_view name) const {
  const Entry* entry = find(name);
  if (!entry) return std::vector<std::int64_t>();
  auto integers = as_integers(entry->value);
  if (!integers) wrong(name, "a list of integers", entry->value, entry->span);
  return integers;
}

std::optional<std::vector<std::vector<std::int64_t>>> CallArguments::lists(
    std::string_view name) const {
  std::vector<std::vector<std::int64_t>> lists;
  const Entry* entry = find(name);
  if (!entry) return lists;
  const Value::List* list = entry->value.if_list();
  for (std::size_t k = 0; list != nullptr && k < list->size(); ++k) {
    auto integers = (*list)[k].if_list() ? as_integers((*list)[k]) : std::nullopt;
    if (!integers) list = nullptr;
    if (integers) lists.push_back(std::move(*integers));
  }
  if (list != nullptr) return lists;
  wrong(name, "a list of lists of integers", entry->value, entry->span);
  return std::nullopt;
}

const Value* CallArguments::value(std::string_view name) const {
  const Entry* entry = find(name);
  return entry != nullptr ? &entry->value : nullptr;
}

std::optional<std::int64_t> CallArguments::integer(const AxisEntry& entry) const {
  const auto value = as_integer(entry.value);
  if (!value) wrong(entry.name, "an integer", entry.value, entry.span);
  return value;
}

std::optional<std::vector<std::int64_t>> CallArguments::integers(const AxisEntry& entry) const {
  auto value = as_integers(entry.value);
  if (!value) wrong(entry.name, "an index, a list of indices or a range", entry.value, entry.span);
  return value;
}

}  // namespace inarch
