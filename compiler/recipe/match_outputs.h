#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/recipe/bound_recipe.h"

namespace inarch {

/// `NAME` or `NAME[index]` as rules and checks write it; `out` stands for the only output.
struct OutputRequest {
  const std::string& name;
  Span span;
  const std::optional<NamePattern>& index;
};

/// An output that was meant, and what the index's capture is there.
struct OutputMatch {
  std::uint32_t output = 0;  // index into BoundRecipe::outputs
  Captures captures;
};

/// True when a reference with this name before its colon is to an output of the recipe.
bool names_output(const std::string& name, const Recipe& recipe);

/// The outputs that are meant: one, or with a capture in the index each of a list. Nothing on a
/// fault: E138 (no such output), E209 (a list without an index or the other way round), E215 (a
/// list without such an entry).
std::optional<std::vector<OutputMatch>> match_outputs(const OutputRequest& request,
                                                      const Recipe& recipe,
                                                      const std::vector<BoundOutput>& outputs,
                                                      const Scope& scope, Diagnostics& diagnostics);

/// Whether `name[3]` fits an index, whose capture is added to `captures` then.
bool matches_index(const std::string& name, const ResolvedPattern& index, Captures& captures);

/// "text:lm_head.weight", or the name alone where there is one output.
std::string full_name(const BoundRecipe& bound, const ResultName& result);

}  // namespace inarch
