#include "compiler/architecture/expand.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "compiler/support/sizes.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

// Six times the largest model known to us. A config that asks for more is damaged or hostile.
constexpr std::size_t max_tensors = 1'000'000;
constexpr std::size_t max_rounds = 10'000'000;
constexpr std::size_t max_reports = 20;

class Expansion {
 public:
  Expansion(const ArchitectureFile& file, const Value& config, Diagnostics& diagnostics, Span asked,
            ExpansionTrace* trace)
      : file_(file), diagnostics_(diagnostics), asked_(asked), trace_(trace) {
    scope_.set_reference("config", &config);
    for (const auto& [name, expression] : file.sizes) scope_.set_lazy(name, expression);
    // A size that nothing asks for decides nothing, and is not to be traced.
    if (!trace) settle_sizes();
  }

  std::optional<std::vector<ArchTensor>> run() {
    for (const TensorBlock& block : file_.blocks) {
      // The range of a block that does not apply may have no value: a vision tower's layers.
      const bool skipped = block.where && !speaks_of_loops(block) && !holds(block.where, scope_);
      if (!skipped) expand_loops(block, 0, scope_);
    }
    if (failed_) return std::nullopt;
    return std::move(tensors_);
  }

 private:
  // Sizes that depend on the config alone are computed once. One that has no value (the width of a
  // vision tower, in a model without) stays as it is: only where it is used is that a fault.
  void settle_sizes() {
    std::vector<std::pair<std::string, Value>> settled;
    for (const auto& [name, expression] : file_.sizes) {
      const std::set<std::string> needs = free_names(*expression, scope_);
      if (needs.size() != needs.count("config")) continue;
      Diagnostics unused;
      auto value = evaluate(*expression, scope_, unused);
      if (value && !value->is_null() && !value->if_map())
        settled.emplace_back(name, std::move(*value));
    }
    for (auto& [name, value] : settled) scope_.set(name, std::move(value));
  }

  bool speaks_of_loops(const TensorBlock& block) const {
    const std::set<std::string> names = free_names(*block.where, scope_);
    return std::any_of(block.loops.begin(), block.loops.end(), [&](const TensorBlock::Loop& loop) {
      return names.contains(loop.variable);
    });
  }

  void expand_loops(const TensorBlock& block, std::size_t depth, const Scope& scope) {
    if (depth == block.loops.size()) return expand_block(block, scope);
    const ExprPtr& range = block.loops[depth].range;
    const auto values = value_of(*range, scope);
    if (!values) return;
    if (!values->if_list()) {
      return report(error("E151", fmt::format("'for' runs over a list, found {}", values->kind()))
                        .at(range->span));
    }
    if (trace_) {
      std::size_t& most = trace_->rounds[range.get()];
      most = std::max(most, values->if_list()->size());
    }
    for (const Value& value : *values->if_list()) {
      if (stopped_) return;
      Scope inner(&scope);
      inner.set(block.loops[depth].variable, value);
      expand_loops(block, depth + 1, inner);
    }
  }

  void expand_block(const TensorBlock& block, const Scope& scope) {
    if (++rounds_ > max_rounds) return report_too_many(block.entries.front().span);
    if (!holds(block.where, scope)) return;
    for (const TensorEntry& entry : block.entries) {
      if (stopped_) return;
      if (holds(entry.where, scope)) expand_entry(block, entry, scope);
    }
  }

  void expand_entry(const TensorBlock& block, const TensorEntry& entry, const Scope& scope) {
    Diagnostics found;
    auto names = fill(entry.name, scope, found, decisions());
    take(found);
    if (!names) return;
    const auto shape = shape_of(entry, names->front(), scope);
    if (!shape) return;
    ArchTensor tensor;
    tensor.shape = *shape;
    tensor.component = block.component;
    tensor.optional = entry.attributes.optional;
    tensor.buffer = entry.attributes.buffer;
    tensor.legacy = entry.attributes.legacy;
    tensor.dtype = entry.attributes.dtype;
    tensor.origin = entry.span;
    if (entry.tied_to && holds(entry.tied_when, scope)) {
      const auto target = fill(*entry.tied_to, scope, found, decisions());
      take(found);
      if (!target) return;
      tensor.tied_to = target->front();
    }
    for (std::string& name : *names) {
      if (stopped_) return;
      tensor.name = std::move(name);
      add(tensor, entry);
    }
  }

  void add(const ArchTensor& tensor, const TensorEntry& entry) {
    if (tensors_.size() >= max_tensors) return report_too_many(entry.span);
    const auto [at, is_new] = entries_.emplace(tensor.name, &entry);
    if (is_new) return tensors_.push_back(tensor);
    report(error("E512", fmt::format("'{}' is there twice", escape_for_terminal(tensor.name)))
               .at(entry.span, "the second time")
               .also(at->second->span, "the first"));
  }

  std::optional<Shape> shape_of(const TensorEntry& entry, const std::string& name,
                                const Scope& scope) {
    Shape shape;
    for (const ExprPtr& size : entry.shape) {
      const auto value = value_of(*size, scope);
      if (!value) return std::nullopt;
      const std::int64_t* number = value->if_int();
      if (!number || *number < 0) {
        const std::string shown = value->is_number() ? to_text(*value) : std::string(value->kind());
        report(error("E521", fmt::format("a size of '{}' is {}", escape_for_terminal(name), shown))
                   .at(size->span, "must be an integer that is not negative")
                   .hint(value->if_real() ? "'//' divides integers" : ""));
        return std::nullopt;
      }
      shape.push_back(*number);
    }
    if (checked_numel(shape)) return shape;
    report(error("E521", fmt::format("'{}' has the shape {}, which is too large",
                                     escape_for_terminal(name), format_shape(shape)))
               .at(entry.span));
    return std::nullopt;
  }

  std::optional<Value> value_of(const Expr& expression, const Scope& scope) {
    Diagnostics found;
    auto value = evaluate(expression, scope, found, decisions());
    if (value && value->is_null()) {
      report_null(expression, scope, "this cannot be null", found);
      value.reset();
    }
    take(found);
    return value;
  }

  bool holds(const ExprPtr& condition, const Scope& scope) {
    if (!condition) return true;
    const auto value = value_of(*condition, scope);
    if (!value) return false;
    if (const bool* yes = value->if_bool()) {
      if (trace_) trace_->decisions.note(*condition, *yes);
      return *yes;
    }
    report(error("E151", fmt::format("a condition is true or false, found {}", value->kind()))
               .at(condition->span));
    return false;
  }

  DecisionTrace* decisions() { return trace_ ? &trace_->decisions : nullptr; }

  void take(Diagnostics& found) {
    for (const Diagnostic& diagnostic : found.list()) report(diagnostic);
    found = Diagnostics();
  }

  // What went wrong in a layer goes wrong in the next one too, and is told once.
  void report(Diagnostic found) {
    failed_ = true;
    const Span span = found.primary.span;
    if (!reported_.emplace(found.code, span.file, span.begin).second) return;
    if (reported_.size() >= max_reports) stopped_ = true;
    // These are the file's own faults; all others say that the config does not fit.
    const bool fault_of_file = found.code == "E150" || found.code == "E155" || found.code == "E512";
    diagnostics_.add(fault_of_file ? std::move(found) : about_config(std::move(found)));
  }

  Diagnostic about_config(Diagnostic found) const {
    const std::string code = found.code < "E5" ? "E520" : found.code;
    Diagnostic about =
        error(code, fmt::format("the config does not fit {}: {}", file_.name, found.message));
    if (found.help.starts_with("did you mean")) about.help = found.help;
    about.secondary = found.secondary;
    const std::string label = found.primary.text.empty() ? "needed here" : found.primary.text;
    if (asked_.known()) {
      about.primary = {asked_, "asked for here"};
      about.secondary.insert(about.secondary.begin(), {found.primary.span, label});
    } else {
      about.primary = {found.primary.span, label};
    }
    return about;
  }

  void report_too_many(Span span) {
    report(error("E522", fmt::format("it asks for more than {} tensors", format_count(max_tensors)))
               .at(span));
    stopped_ = true;
  }

  const ArchitectureFile& file_;
  Diagnostics& diagnostics_;
  Span asked_;
  ExpansionTrace* trace_;
  Scope scope_;
  std::vector<ArchTensor> tensors_;
  std::map<std::string, const TensorEntry*, std::less<>> entries_;
  std::set<std::tuple<std::string, FileId, std::uint32_t>> reported_;
  std::size_t rounds_ = 0;
  bool failed_ = false;
  bool stopped_ = false;
};

}  // namespace

std::optional<std::vector<ArchTensor>> expand_architecture(const ArchitectureFile& file,
                                                           const Value& config,
                                                           Diagnostics& diagnostics, Span asked,
                                                           ExpansionTrace* trace) {
  return Expansion(file, config, diagnostics, asked, trace).run();
}

}  // namespace inarch
