#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "compiler/core/value.h"
#include "compiler/ir/provenance.h"
#include "runtime/cli/recipe_graph.h"

namespace inarch {

/// Why an output has a tensor: what makes it, of what, and what else could have.
struct WhyReport {
  Provenance tensor;
  std::vector<Provenance> definitions;  // that it reads, and those that these read
  std::vector<SourceRange> ranges;
  std::vector<UnusedRule> unused;
  std::vector<std::string> alike;  // further tensors that were asked for, of the same rule
};

/// "recipe.yaml:17"
std::string place_of(const SourceMap& texts, Span span);
/// The lines of a span, numbered, each after `margin`; of a long one the first lines.
std::string numbered_lines(const SourceMap& texts, Span span, std::string_view margin);
/// "i = 0, p = q", or "".
std::string bindings_text(const Bindings& bindings);
/// Why a rule is not the one, with its place.
std::string unused_text(const SourceMap& texts, const UnusedRule& unused);

std::string why_text(const RecipeGraph& recipe, const WhyReport& report, const Console& console);
Value why_json(const RecipeGraph& recipe, const WhyReport& report);

}  // namespace inarch
