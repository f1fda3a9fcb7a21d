#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "compiler/recipe/expression.h"
#include "compiler/support/text.h"

namespace inarch {

std::string described(const Bindings& bindings) {
  std::vector<std::string> texts;
  for (const auto& [name, value] : bindings)
    texts.push_back(fmt::format("{} = {}", name, to_text(value)));
  return texts.empty() ? "" : join_names(texts);
}

void note_bindings(Diagnostic& diagnostic, const Bindings& bindings) {
  if (!bindings.empty())
    diagnostic.notes.push_back(fmt::format("here {}", escape_for_terminal(described(bindings))));
}

void Scope::set(std::string name, Value value) {
  entries_[std::move(name)] = Stored{std::move(value), nullptr, nullptr, false, {}};
}
void Scope::set_reference(std::string name, const Value* value) {
  entries_[std::move(name)] = Stored{{}, value, nullptr, false};
}
void Scope::set_source(std::string name, const Value* value, Checkpoints checkpoints) {
  entries_[std::move(name)] = Stored{{}, value, nullptr, true, checkpoints};
}
void Scope::set_lazy(std::string name, ExprPtr expression) {
  entries_[std::move(name)] = Stored{{}, nullptr, std::move(expression), false};
}

std::optional<Scope::Entry> Scope::find(std::string_view name) const {
  for (const Scope* scope = this; scope; scope = scope->parent_) {
    const auto entry = scope->entries_.find(name);
    if (entry != scope->entries_.end()) {
      const Stored& stored = entry->second;
      return Entry{stored.reference ? stored.reference : &stored.value, stored.lazy.get(),
                   stored.is_source, stored.checkpoints};
    }
    if (!scope->bindings_) continue;
    for (auto bound = scope->bindings_->rbegin(); bound != scope->bindings_->rend(); ++bound) {
      if (bound->first == name) return Entry{&bound->second};
    }
  }
  return std::nullopt;
}

TextEncoders* Scope::encoders() const {
  const Scope* scope = this;
  while (scope && !scope->encoders_) scope = scope->parent_;
  return scope ? scope->encoders_.get() : nullptr;
}

std::vector<std::string> Scope::names() const {
  std::set<std::string> names;
  for (const Scope* scope = this; scope; scope = scope->parent_) {
    for (const auto& [name, entry] : scope->entries_) names.insert(name);
    if (!scope->bindings_) continue;
    for (const auto& [name, value] : *scope->bindings_) names.insert(name);
  }
  return {names.begin(), names.end()};
}

namespace {

class FreeNames {
 public:
  explicit FreeNames(const Scope& scope) : scope_(scope) {}

  // Definitions wait in a queue: a chain of them may be longer than the stack is deep.
  void run(const Expr& expression) {
    visit(expression);
    while (!pending_.empty()) {
      const Pending next = std::move(pending_.back());
      pending_.pop_back();
      bound_ = next.bound;
      visit(*next.expression);
    }
  }

  std::set<std::string> found;

 private:
  struct Pending {
    const Expr* expression;
    std::vector<std::string> bound;
  };

  void visit(const Expr& expression) {
    if (expression.kind == Expr::Kind::name) return visit_name(expression.name);
    if (expression.kind == Expr::Kind::comprehension) return visit_comprehension(expression);
    const bool membership = expression.kind == Expr::Kind::binary &&
                            (expression.name == "in" || expression.name == "not in");
    for (const ExprPtr& item : expression.items) {
      if (membership && item == expression.items[1] && item->kind == Expr::Kind::list) {
        visit_words(*item);
      } else {
        visit(*item);
      }
    }
  }

  void visit_name(const std::string& name) {
    if (std::find(bound_.begin(), bound_.end(), name) != bound_.end()) return;
    const auto entry = scope_.find(name);
    if (!entry || !entry->lazy) {
      found.insert(name);
    } else if (followed_.emplace(name, bound_).second) {
      pending_.push_back({entry->lazy, bound_});
    }
  }
  void visit_comprehension(const Expr& expression) {
    visit(*expression.items[1]);
    const std::size_t outside = bound_.size();
    bound_.insert(bound_.end(), expression.variables.begin(), expression.variables.end());
    visit(*expression.items[0]);
    if (expression.items.size() > 2) visit(*expression.items[2]);
    bound_.resize(outside);
  }
  // Unbound words there are text, and so nothing that anyone must bind.
  void visit_words(const Expr& list) {
    for (const ExprPtr& item : list.items) {
      if (item->kind != Expr::Kind::name || scope_.find(item->name)) visit(*item);
    }
  }

  const Scope& scope_;
  std::vector<std::string> bound_;
  std::vector<Pending> pending_;
  std::set<std::pair<std::string, std::vector<std::string>>> followed_;
};

}  // namespace

std::optional<std::string> take_apart(const std::vector<std::string>& variables, const Value& value,
                                      std::vector<std::pair<std::string, const Value*>>& taken) {
  if (variables.size() == 1) {
    taken.emplace_back(variables[0], &value);
    return std::nullopt;
  }
  const Value::List* items = value.if_list();
  if (!items || items->size() != variables.size()) {
    return fmt::format("{} names take lists of {}, found {}", variables.size(), variables.size(),
                       items ? fmt::format("a list of {}", items->size()) : value.kind());
  }
  for (std::size_t k = 0; k < variables.size(); ++k) taken.emplace_back(variables[k], &(*items)[k]);
  return std::nullopt;
}

std::set<std::string> free_names(const Expr& expression, const Scope& scope) {
  FreeNames names(scope);
  names.run(expression);
  return std::move(names.found);
}

}  // namespace inarch
