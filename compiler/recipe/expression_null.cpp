// Why a value is null, told in terms of the path that was not there.

#include <fmt/format.h>

#include "compiler/recipe/expression_evaluator.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

bool is_step(const Expr& e) { return e.kind == Expr::Kind::member || e.kind == Expr::Kind::index; }

bool is_fallback(const Expr& e) { return e.kind == Expr::Kind::binary && e.name == "??"; }

bool is_path(const Expr& e) { return is_step(e) || is_fallback(e) || e.kind == Expr::Kind::name; }

std::vector<std::string> keys_of(const Value& value) {
  std::vector<std::string> keys;
  if (const Value::Map* map = value.if_map()) {
    for (const auto& [key, entry] : *map) keys.push_back(key);
  }
  return keys;
}

std::string last_key(const std::string& path) {
  const std::size_t dot = path.rfind('.');
  return dot == std::string::npos ? path : path.substr(dot + 1);
}

}  // namespace

std::string ExpressionEvaluator::path(const Expr& e, const Scope& scope) {
  if (e.kind == Expr::Kind::name) {
    const auto entry = scope.find(e.name);
    return entry && entry->lazy && is_path(*entry->lazy) ? path(*entry->lazy, scope) : e.name;
  }
  if (is_fallback(e)) {
    const Answer first = evaluate(*e.items[0], scope);
    return path(*e.items[first && !first->get().is_null() ? 0 : 1], scope);
  }
  if (e.kind == Expr::Kind::member) return path(*e.items[0], scope) + "." + e.name;
  if (e.kind == Expr::Kind::call) return e.name + "(…)";
  if (e.kind != Expr::Kind::index) return "this";
  const Answer key = evaluate(*e.items[1], scope);
  const std::string shown = key ? escape_for_terminal(to_text(key->get()), 80) : "…";
  return fmt::format("{}[{}]", path(*e.items[0], scope), shown);
}

void ExpressionEvaluator::report_null(const Expr& e, const Scope& scope, std::string_view use) {
  const Expr* at = &e;
  std::optional<Held> parent;
  while (is_step(*at)) {
    parent = evaluate(*at->items[0], scope);
    if (!parent) return;
    if (!parent->get().is_null()) break;
    at = at->items[0].get();
    parent.reset();
  }
  if (is_fallback(*at)) {
    return report_null(*at->items[1], scope, use);
  }
  const auto entry = at->kind == Expr::Kind::name ? scope.find(at->name) : std::nullopt;
  if (entry && entry->lazy && definitions_.size() < 100) {
    definitions_.emplace_back(at->name, entry->lazy);
    report_null(*entry->lazy, scope, use);
    definitions_.pop_back();
    return;
  }
  const std::string where = path(*at, scope);
  if (!parent) {
    diagnostics_.add(error("E151", fmt::format("{}, and {} is null", use, where)).at(at->span));
    return;
  }
  const bool in_config =
      where.find("config.") != std::string::npos || where.find("config[") != std::string::npos;
  const bool written = parent->get().if_map() && parent->get().find(last_key(where)) != nullptr;
  Diagnostic missing =
      error("E151", written
                        ? fmt::format("{} is null{}", where, in_config ? " in the config" : "")
                        : fmt::format("{} is not set{}", where, in_config ? " in the config" : ""))
          .at(at->span, std::string(use));
  const std::string near = written ? "" : nearest(last_key(where), keys_of(parent->get()));
  if (!near.empty()) {
    missing.help = fmt::format("did you mean '{}'?", escape_for_terminal(near, 80));
  } else {
    missing.help = fmt::format("give a value for when it is missing: {} ?? 0", where);
  }
  diagnostics_.add(std::move(missing));
}

}  // namespace inarch
