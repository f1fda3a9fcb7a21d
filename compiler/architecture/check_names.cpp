// Faults of an architecture file that no config is needed to see: names that nothing binds.

#include <map>
#include <set>

#include <fmt/format.h>

#include "compiler/architecture/architecture_file.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

using Names = std::set<std::string, std::less<>>;

class NameCheck {
 public:
  NameCheck(const ArchitectureFile& file, Diagnostics& diagnostics)
      : file_(file), diagnostics_(diagnostics) {}

  void run() {
    scope_.set("config", Value());
    Names loops;
    for (const auto& [name, expression] : file_.sizes) scope_.set_lazy(name, expression);
    for (const TensorBlock& block : file_.blocks) {
      for (const TensorBlock::Loop& loop : block.loops) loops.insert(loop.variable);
    }
    for (const auto& [name, expression] : file_.sizes) words(*expression, loops);
    for (const TensorBlock& block : file_.blocks) check_block(block);
  }

 private:
  void check_block(const TensorBlock& block) {
    Names bound;
    for (const TensorBlock::Loop& loop : block.loops) {
      whole(loop.range, bound);
      bound.insert(loop.variable);
    }
    whole(block.where, bound);
    for (const TensorEntry& entry : block.entries) {
      name(entry.name, bound);
      for (const ExprPtr& size : entry.shape) whole(size, bound);
      whole(entry.where, bound);
      if (entry.tied_to) name(*entry.tied_to, bound);
      whole(entry.tied_when, bound);
    }
  }

  void name(const NameTemplate& name, const Names& bound) {
    for (const NameTemplate::Part& part : name.parts) whole(part.expression, bound);
  }

  // The names that the expression has itself, then those of the sizes that it uses: a size may
  // speak of `i`, and is then of use only where `i` is bound.
  void whole(const ExprPtr& expression, const Names& bound) {
    if (!expression) return;
    const std::size_t before = diagnostics_.errors();
    words(*expression, bound);
    if (diagnostics_.errors() != before) return;
    for (const std::string& name : free_names(*expression, scope_)) {
      if (name == "config" || bound.contains(name)) continue;
      if (!reported_.insert(expression->span.begin).second) return;
      diagnostics_.add(error("E511", fmt::format("this needs '{}', which nothing binds here", name))
                           .at(expression->span)
                           .hint(fmt::format("for: {{ {}: 0 .. … }}", name)));
    }
  }

  void words(const Expr& e, const Names& bound) {
    if (e.kind == Expr::Kind::name) return word(e, bound);
    if (e.kind == Expr::Kind::comprehension) {
      words(*e.items[1], bound);
      Names inner = bound;
      inner.insert(e.variables.begin(), e.variables.end());
      words(*e.items[0], inner);
      if (e.items.size() > 2) words(*e.items[2], inner);
      return;
    }
    const bool membership = e.name == "in" || e.name == "not in";
    for (const ExprPtr& item : e.items) {
      if (membership && item == e.items[1] && item->kind == Expr::Kind::list) continue;
      words(*item, bound);
    }
  }

  void word(const Expr& e, const Names& bound) {
    if (scope_.find(e.name) || bound.contains(e.name)) return;
    // The prefix of a block is part of each of its names: one fault, one report.
    if (!reported_.insert(e.span.begin).second) return;
    std::vector<std::string> known = scope_.names();
    known.insert(known.end(), bound.begin(), bound.end());
    const std::string near = nearest(e.name, known);
    diagnostics_.add(error("E511", fmt::format("unknown name '{}'", e.name))
                         .at(e.span, "neither a size nor bound by 'for'")
                         .hint(near.empty() ? "" : fmt::format("did you mean '{}'?", near)));
  }

  const ArchitectureFile& file_;
  Diagnostics& diagnostics_;
  Scope scope_;
  std::set<std::uint32_t> reported_;
};

}  // namespace

void check_names(const ArchitectureFile& file, Diagnostics& diagnostics) {
  NameCheck(file, diagnostics).run();
}

}  // namespace inarch
