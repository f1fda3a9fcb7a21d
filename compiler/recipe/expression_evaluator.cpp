#include "compiler/recipe/expression_evaluator.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "compiler/recipe/expression_arithmetic.h"
#include "compiler/recipe/expression_functions.h"
#include "compiler/support/sizes.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

// Definitions that use one another twice grow without bound; so do nested comprehensions.
constexpr std::int64_t max_steps = 10'000'000;
constexpr int max_total_depth = 500;

// What reading or copying a value costs, in steps.
std::int64_t weight(const Value& value) {
  std::int64_t sum = 1;
  if (const auto* text = value.if_text()) sum += static_cast<std::int64_t>(text->size() / 64);
  if (const auto* list = value.if_list()) {
    for (const Value& item : *list) sum += weight(item);
  }
  if (const auto* map = value.if_map()) {
    for (const auto& [key, item] : *map) sum += weight(item);
  }
  return sum;
}

bool is_same_number(std::string_view digits, std::int64_t number) {
  std::int64_t value = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return failure == std::errc() && end == digits.data() + digits.size() && value == number;
}

// The keys of JSON are texts, also where they are numbers: {"5": …}[5], and transformers pads them
// with zeros so that they sort: {"05": …, "11": …}[5].
const Value* find_entry(const Value& map, const Value& key) {
  if (const Value* exact = map.find(to_text(key))) return exact;
  const std::int64_t* number = key.if_int();
  if (!number) return nullptr;
  for (const auto& [text, entry] : *map.if_map()) {
    if (is_same_number(text, *number)) return &entry;
  }
  return nullptr;
}

std::string shown(std::string_view name) { return escape_for_terminal(name, 80); }

}  // namespace

std::optional<Held> ExpressionEvaluator::fail(const Expr& e, std::string code, std::string message,
                                              std::string help) {
  diagnostics_.add(error(std::move(code), std::move(message)).at(e.span).hint(std::move(help)));
  return std::nullopt;
}

std::optional<Held> ExpressionEvaluator::lift(const Expr& e, Result<Value> result) {
  if (result) {
    if (!spend(e, weight(*result))) return std::nullopt;
    return Held(std::move(*result));
  }
  diagnostics_.add(std::move(result.error()).at(e.span));
  return std::nullopt;
}

bool ExpressionEvaluator::spend(const Expr& e, std::int64_t steps) {
  steps_ += steps;
  if (steps_ <= max_steps) return true;
  fail(e, "E154", fmt::format("the expression takes more than {} steps", format_count(max_steps)));
  return false;
}

bool ExpressionEvaluator::append(Value::List& items, const Held& item, const Expr& e) {
  if (!spend(e, weight(item.get()))) return false;
  items.push_back(item.get());
  return true;
}

std::optional<Held> ExpressionEvaluator::evaluate(const Expr& e, const Scope& scope) {
  if (!spend(e)) return std::nullopt;
  if (depth_ >= max_total_depth) {
    return fail(e, "E146",
                fmt::format("definitions are nested more than {} deep", max_total_depth));
  }
  if (depth_ == 0) outermost_ = &scope;
  ++depth_;
  Answer answer = dispatch(e, scope);
  --depth_;
  return answer;
}

std::optional<Held> ExpressionEvaluator::dispatch(const Expr& e, const Scope& scope) {
  switch (e.kind) {
    case Expr::Kind::literal:
      return Held::lent(&e.literal);
    case Expr::Kind::name:
      return name(e, scope);
    case Expr::Kind::member:
      return member(e, scope);
    case Expr::Kind::index:
      return index(e, scope);
    case Expr::Kind::call:
      return call(e, scope);
    case Expr::Kind::unary:
      return unary(e, scope);
    case Expr::Kind::binary:
      return binary(e, scope);
    case Expr::Kind::conditional:
      return conditional(e, scope);
    case Expr::Kind::list:
      return list(e, scope);
    case Expr::Kind::comprehension:
      return comprehension(e, scope);
  }
  return std::nullopt;
}

std::optional<Held> ExpressionEvaluator::name(const Expr& e, const Scope& scope) {
  const auto entry = scope.find(e.name);
  if (!entry) return unknown_name(e, scope);
  if (entry->lazy) return definition(e, *entry->lazy, scope);
  return Held::lent(entry->value);
}

std::optional<Held> ExpressionEvaluator::unknown_name(const Expr& e, const Scope& scope) {
  Diagnostic unknown = error("E150", fmt::format("unknown name '{}'", e.name)).at(e.span);
  std::vector<std::string> known = scope.names();
  const std::string names = join_names(known, 12);
  known.insert(known.end(), {"true", "false", "null"});
  const std::string near = nearest(e.name, known);
  if (e.name == "None" || e.name == "True" || e.name == "False") {
    unknown.help = e.name == "None"   ? "write null"
                   : e.name == "True" ? "write true"
                                      : "write false";
  } else if (!near.empty()) {
    unknown.help = fmt::format("did you mean '{}'?", shown(near));
  } else if (!names.empty()) {
    unknown.notes.push_back("known here: " + escape_for_terminal(names, 400));
  }
  diagnostics_.add(std::move(unknown));
  return std::nullopt;
}

std::optional<Held> ExpressionEvaluator::definition(const Expr& e, const Expr& definition,
                                                    const Scope& scope) {
  const bool lasts = &scope == outermost_;  // the scopes of a comprehension come and go
  for (std::size_t i = 0; lasts && i < known_.size(); ++i) {
    if (known_[i].first == &definition) return Held::lent(&known_[i].second.get());
  }
  for (std::size_t i = 0; i < definitions_.size(); ++i) {
    if (definitions_[i].second == &definition) return circle(e, i);
  }
  definitions_.emplace_back(e.name, &definition);
  Answer answer = evaluate(definition, scope);
  definitions_.pop_back();
  if (!lasts || !answer) return answer;
  known_.emplace_back(&definition, std::move(*answer));
  return Held::lent(&known_.back().second.get());
}

std::optional<Held> ExpressionEvaluator::circle(const Expr& e, std::size_t begin) {
  const auto& [first, definition] = definitions_[begin];
  std::string names;
  for (std::size_t i = begin; i < definitions_.size(); ++i) {
    names += shown(definitions_[i].first) + " → ";
  }
  diagnostics_.add(error("E155", fmt::format("'{}' is defined by itself", shown(first)))
                       .at(e.span, names + shown(first))
                       .also(definition->span, "the definition"));
  return std::nullopt;
}

std::optional<Held> ExpressionEvaluator::member(const Expr& e, const Scope& scope) {
  const Answer whole = evaluate(*e.items[0], scope);
  if (!whole) return std::nullopt;
  const Value& value = whole->get();
  if (value.is_null()) return Held(nullptr);
  if (!value.if_map()) {
    return fail(e, "E151",
                fmt::format("'.{}' needs a mapping, and {} is {}", shown(e.name),
                            path(*e.items[0], scope), value.kind()));
  }
  const Value* entry = value.find(e.name);
  if (!entry && checkpoints_of(*e.items[0], scope)) return no_key_of_source(e, scope);
  return entry ? whole->part(entry) : Held(nullptr);
}

std::optional<Held> ExpressionEvaluator::index(const Expr& e, const Scope& scope) {
  const Expr& list = *e.items[0];
  if (list.kind == Expr::Kind::member && list.name == "shape") {
    const auto checkpoints = checkpoints_of(*list.items[0], scope);
    const Answer source = checkpoints ? evaluate(*list.items[0], scope) : std::nullopt;
    if (source && source->get().if_map() && checkpoints->size() == 1)
      return shape(e, *checkpoints->front(), scope);
  }
  const Answer whole = evaluate(*e.items[0], scope);
  if (!whole) return std::nullopt;
  const Answer key = not_null(*e.items[1], scope, "[]");
  if (!key) return std::nullopt;
  const Value& value = whole->get();
  if (value.is_null()) return Held(nullptr);
  if (value.if_list()) return index_list(*e.items[1], *whole, key->get());
  if (!value.if_map()) {
    return fail(e, "E151",
                fmt::format("an index needs a list or a mapping, and {} is {}",
                            path(*e.items[0], scope), value.kind()));
  }
  const Value* entry = find_entry(value, key->get());
  return entry ? whole->part(entry) : Held(nullptr);
}

std::optional<Held> ExpressionEvaluator::index_list(const Expr& e, const Held& list,
                                                    const Value& key) {
  const Value::List& items = *list.get().if_list();
  if (const Value::List* places = key.if_list()) return gather(e, items, *places);
  const std::int64_t* at = key.if_int();
  if (!at) {
    return fail(e, "E151",
                fmt::format("a list is indexed by an integer, a range or a list of integers, "
                            "found {}",
                            key.kind()));
  }
  if (*at < 0 || static_cast<std::size_t>(*at) >= items.size()) {
    return fail(e, "E152", fmt::format("index {} is outside a list of {}", *at, items.size()));
  }
  return list.part(&items[static_cast<std::size_t>(*at)]);
}

std::optional<Held> ExpressionEvaluator::gather(const Expr& e, const Value::List& items,
                                                const Value::List& places) {
  Value::List gathered;
  for (const Value& place : places) {
    const std::int64_t* at = place.if_int();
    if (!at) {
      return fail(e, "E151",
                  fmt::format("a list of places holds integers, and this one {}", place.kind()));
    }
    if (*at < 0 || static_cast<std::size_t>(*at) >= items.size())
      return fail(e, "E152", fmt::format("index {} is outside a list of {}", *at, items.size()));
    if (!append(gathered, Held::lent(&items[static_cast<std::size_t>(*at)]), e))
      return std::nullopt;
  }
  return Held(Value(std::move(gathered)));
}

std::optional<Held> ExpressionEvaluator::not_null(const Expr& e, const Scope& scope,
                                                  std::string_view user) {
  Answer answer = evaluate(e, scope);
  if (!answer || !answer->get().is_null()) return answer;
  report_null(e, scope, fmt::format("'{}' does not take null", user));
  return std::nullopt;
}

std::optional<Held> ExpressionEvaluator::call(const Expr& e, const Scope& scope) {
  const Function* function = find_function(e.name);
  if (!function->call) return token_ids(e, scope);
  std::vector<Held> held;
  for (const ExprPtr& item : e.items) {
    Answer argument =
        function->takes_null ? evaluate(*item, scope) : not_null(*item, scope, e.name);
    if (!argument || !spend(*item, weight(argument->get()))) return std::nullopt;
    held.push_back(std::move(*argument));
  }
  Arguments arguments;
  for (const Held& argument : held) arguments.push_back(&argument.get());
  return lift(e, function->call(arguments));
}

std::optional<bool> ExpressionEvaluator::truth(const Expr& e, const Scope& scope,
                                               std::string_view user) {
  const Answer answer = not_null(e, scope, user);
  if (!answer) return std::nullopt;
  if (const bool* value = answer->get().if_bool()) {
    if (trace_) trace_->note(e, *value);
    return *value;
  }
  fail(e, "E151", fmt::format("'{}' takes true or false, found {}", user, answer->get().kind()),
       answer->get().is_number() ? "compare it: x != 0" : "");
  return std::nullopt;
}

std::optional<Held> ExpressionEvaluator::unary(const Expr& e, const Scope& scope) {
  if (e.name == "not") {
    const auto value = truth(*e.items[0], scope, "not");
    if (!value) return std::nullopt;
    return Held(!*value);
  }
  const Answer value = not_null(*e.items[0], scope, "-");
  return value ? lift(e, negate(value->get())) : std::nullopt;
}

std::optional<Held> ExpressionEvaluator::logical(const Expr& e, const Scope& scope) {
  const auto left = truth(*e.items[0], scope, e.name);
  if (!left) return std::nullopt;
  if (*left == (e.name == "or")) return Held(*left);
  const auto right = truth(*e.items[1], scope, e.name);
  if (!right) return std::nullopt;
  return Held(*right);
}

std::optional<Held> ExpressionEvaluator::binary(const Expr& e, const Scope& scope) {
  const std::string& op = e.name;
  if (op == "and" || op == "or") return logical(e, scope);
  if (op == "in" || op == "not in") return membership(e, scope);
  if (op == "??") {
    Answer left = evaluate(*e.items[0], scope);
    if (!left) return std::nullopt;
    if (trace_) trace_->note(*e.items[0], !left->get().is_null());
    return left->get().is_null() ? evaluate(*e.items[1], scope) : left;
  }
  if (op == "==" || op == "!=") {
    const Answer left = evaluate(*e.items[0], scope);
    const Answer right = left ? evaluate(*e.items[1], scope) : std::nullopt;
    if (!right || !spend(e, weight(left->get()))) return std::nullopt;
    return Held((left->get() == right->get()) == (op == "=="));
  }
  const Answer left = not_null(*e.items[0], scope, op);
  const Answer right = left ? not_null(*e.items[1], scope, op) : std::nullopt;
  if (!right) return std::nullopt;
  if (op == "..") return lift(e, integer_range(left->get(), right->get()));
  if (op[0] == '<' || op[0] == '>') return lift(e, compare(op, left->get(), right->get()));
  return lift(e, arithmetic(op, left->get(), right->get()));
}

std::optional<Held> ExpressionEvaluator::membership(const Expr& e, const Scope& scope) {
  const Answer item = evaluate(*e.items[0], scope);
  if (!item) return std::nullopt;
  const Expr& where = *e.items[1];
  Answer found;
  if (where.kind == Expr::Kind::binary && where.name == "..") {
    found = range_check(where, item->get(), scope);
  } else if (where.kind == Expr::Kind::list) {
    const auto answer = among_words(where, item->get(), scope);
    if (!answer) return std::nullopt;
    found = Held(*answer);
  } else {
    const Answer whole = not_null(where, scope, "in");
    if (!whole) return std::nullopt;
    if (!whole->get().if_list() && !whole->get().if_map()) {
      return fail(where, "E151",
                  fmt::format("'in' takes a list or a mapping, found {}", whole->get().kind()),
                  whole->get().if_text() ? "contains(text, part)" : "");
    }
    if (!spend(where, weight(whole->get()))) return std::nullopt;
    const Value key = whole->get().if_map() ? Value(to_text(item->get())) : item->get();
    found = lift(e, find_function("contains")->call({&whole->get(), &key}));
  }
  if (!found || e.name == "in") return found;
  return Held(found->get() == Value(false));
}

std::optional<Held> ExpressionEvaluator::range_check(const Expr& range, const Value& item,
                                                     const Scope& scope) {
  const Answer first = not_null(*range.items[0], scope, "..");
  const Answer last = first ? not_null(*range.items[1], scope, "..") : first;
  if (!last) return std::nullopt;
  const auto* begin = first->get().if_int();
  const auto* end = last->get().if_int();
  if (!begin || !end) return lift(range, integer_range(first->get(), last->get()));
  const auto* value = item.if_int();
  return Held(value != nullptr && *value >= *begin && *value < *end);
}

std::optional<Held> ExpressionEvaluator::conditional(const Expr& e, const Scope& scope) {
  const auto condition = truth(*e.items[1], scope, "if");
  if (!condition) return std::nullopt;
  return evaluate(*e.items[*condition ? 0 : 2], scope);
}

std::optional<Held> ExpressionEvaluator::list(const Expr& e, const Scope& scope) {
  Value::List items;
  for (const ExprPtr& item : e.items) {
    const Answer value = evaluate(*item, scope);
    if (!value || !append(items, *value, *item)) return std::nullopt;
  }
  return Held(Value(std::move(items)));
}

// A list after `in`, where a word that nobody has bound stands for itself.
std::optional<bool> ExpressionEvaluator::among_words(const Expr& e, const Value& item,
                                                     const Scope& scope) {
  const std::string* text = item.if_text();
  bool found = false;
  for (const ExprPtr& word : e.items) {
    if (word->kind == Expr::Kind::name && !scope.find(word->name)) {
      found = found || (text != nullptr && *text == word->name);
      continue;
    }
    const Answer value = evaluate(*word, scope);
    if (!value || !spend(*word, weight(value->get()))) return std::nullopt;
    found = found || value->get() == item;
  }
  return spend(e, static_cast<std::int64_t>(e.items.size())) ? std::optional(found) : std::nullopt;
}

std::optional<Held> ExpressionEvaluator::comprehension(const Expr& e, const Scope& scope) {
  const Answer source = not_null(*e.items[1], scope, "for");
  if (!source) return std::nullopt;
  const Value::List* values = source->get().if_list();
  if (!values) {
    return fail(*e.items[1], "E151",
                fmt::format("'for' takes a list, found {}", source->get().kind()));
  }
  const auto checkpoints =
      e.variables.size() == 1 ? checkpoints_of(*e.items[1], scope) : std::nullopt;
  const bool over_sources = checkpoints && checkpoints->size() == values->size();
  Value::List items;
  for (const Value& value : *values) {
    Scope inner(&scope);
    std::vector<std::pair<std::string, const Value*>> taken;
    if (const auto fault = take_apart(e.variables, value, taken))
      return fail(*e.items[1], "E151", *fault);
    for (auto& [name, part] : taken) inner.set_reference(std::move(name), part);
    if (over_sources) {
      const auto k = static_cast<std::size_t>(&value - values->data());
      inner.set_source(e.variables.front(), &value, checkpoints->subspan(k, 1));
    }
    const auto keep = e.items.size() > 2 ? truth(*e.items[2], inner, "if") : true;
    if (!keep) return std::nullopt;
    if (!*keep) continue;
    const Answer item = evaluate(*e.items[0], inner);
    if (!item || !append(items, *item, e)) return std::nullopt;
  }
  return Held(Value(std::move(items)));
}

}  // namespace inarch
