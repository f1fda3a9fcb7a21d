#include "compiler/recipe/bind_except.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/recipe/expand.h"
#include "compiler/recipe/missing_tensor.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

/// The sources that the rule reads, by index.
std::vector<std::size_t> sources_of(const Rule& rule, const BoundRecipe& bound) {
  std::vector<const TensorExpr*> references;
  for (const NamedOperand& operand : rule.operands)
    collect_references(*operand.expression, references);
  if (rule.value) collect_references(*rule.value, references);
  std::vector<std::size_t> read;
  for (std::size_t s = 0; s < bound.sources.size(); ++s) {
    const std::string& name = bound.sources[s].declaration->name;
    if (std::any_of(references.begin(), references.end(),
                    [&](const TensorExpr* reference) { return reference->source == name; }))
      read.push_back(s);
  }
  return read;
}

}  // namespace

std::optional<std::vector<std::vector<bool>>> excepted_by(const Rule& rule,
                                                          const BoundRecipe& bound,
                                                          Diagnostics& diagnostics) {
  std::vector<std::vector<bool>> excepted;
  if (rule.except.empty()) return excepted;
  for (const BoundSource& source : bound.sources)
    excepted.emplace_back(source.checkpoint->tensors.size(), false);
  const std::vector<std::size_t> read = sources_of(rule, bound);
  const std::size_t before = diagnostics.errors();
  for (const ExceptDecl& except : rule.except) {
    const auto pattern = resolve(except.pattern, *bound.globals, diagnostics);
    if (!pattern) continue;
    bool any = false;
    for (const std::size_t s : read) {
      for (const auto& match : bound.sources[s].names.match(*pattern)) {
        excepted[s][match.index] = true;
        any = true;
      }
    }
    if (any || except.optional) continue;
    const std::string wanted = pattern->exact().value_or(except.pattern.text);
    const std::string near =
        read.empty() ? "" : nearest_tensor(*bound.sources[read.front()].checkpoint, wanted);
    diagnostics.add(
        error("E203",
              fmt::format("'except' names '{}', and no source of the rule has such a tensor",
                          escape_for_terminal(wanted)))
            .at(except.pattern.span, "matches nothing")
            .hint(near.empty() ? fmt::format("\"{}?\" need not be there",
                                             escape_for_terminal(except.pattern.text))
                               : fmt::format("did you mean '{}'?", escape_for_terminal(near))));
  }
  if (diagnostics.errors() != before) return std::nullopt;
  return excepted;
}

}  // namespace inarch
