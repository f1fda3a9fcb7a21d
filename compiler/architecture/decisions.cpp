#include "compiler/architecture/decisions.h"

#include <set>
#include <utility>

namespace inarch {

namespace {

bool joins_conditions(const Expr& e) {
  return (e.kind == Expr::Kind::binary && (e.name == "and" || e.name == "or")) ||
         (e.kind == Expr::Kind::unary && e.name == "not");
}

class Walk {
 public:
  Decisions run(const ArchitectureFile& file) {
    for (const auto& [name, expression] : file.sizes) value(expression);
    for (const TensorBlock& block : file.blocks) visit_block(block);
    return std::move(found_);
  }

 private:
  void visit_block(const TensorBlock& block) {
    for (const TensorBlock::Loop& loop : block.loops) {
      found_.ranges.push_back(loop.range.get());
      value(loop.range);
    }
    condition(block.where);
    for (const TensorEntry& entry : block.entries) {
      name(entry.name);
      for (const ExprPtr& size : entry.shape) value(size);
      condition(entry.where);
      if (entry.tied_to) name(*entry.tied_to);
      condition(entry.tied_when);
    }
  }

  void name(const NameTemplate& name) {
    for (const NameTemplate::Part& part : name.parts) value(part.expression);
  }

  void condition(const ExprPtr& expression) {
    if (!expression) return;
    if (joins_conditions(*expression)) {
      for (const ExprPtr& item : expression->items) condition(item);
      return;
    }
    if (expression->kind != Expr::Kind::literal) found_.conditions.push_back(expression.get());
    value(expression);
  }

  // The prefix of a block is part of each of its names, and visited once.
  void value(const ExprPtr& expression) {
    if (!expression || !visited_.insert(expression.get()).second) return;
    const Expr& e = *expression;
    if (joins_conditions(e)) return condition(expression);
    const bool decides = e.kind == Expr::Kind::conditional || e.kind == Expr::Kind::comprehension;
    const std::size_t decision = e.kind == Expr::Kind::conditional ? 1 : 2;
    if (e.kind == Expr::Kind::binary && e.name == "??") {
      found_.fallbacks.push_back(e.items[0].get());
    }
    for (std::size_t k = 0; k < e.items.size(); ++k) {
      if (decides && k == decision) {
        condition(e.items[k]);
      } else {
        value(e.items[k]);
      }
    }
  }

  Decisions found_;
  std::set<const Expr*> visited_;
};

}  // namespace

Decisions decisions_of(const ArchitectureFile& file) { return Walk().run(file); }

}  // namespace inarch
