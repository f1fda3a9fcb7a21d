#pragma once

#include <cstdint>
#include <map>

#include "compiler/core/catalog.h"
#include "compiler/support/result.h"
#include "runtime/experts/group_experts.h"

namespace inarch {

/// What experts are compared by.
enum class Likeness : std::uint8_t { use, coactivation, output, router, weights };

/// By layer, what `inarch stats` wrote of its experts: cosines of their mean outputs
/// (`layers.{i}.mean_output`), or how often two were chosen together (`layers.{i}.coactivation`).
/// By layer, of a model: cosines of the router's rows, or of all weights of an expert, each by
/// itself in the file or stacked in one tensor. E733 where there is no such tensor.
Result<std::map<std::int64_t, Similarity>> expert_likeness(const Checkpoint& checkpoint,
                                                           Likeness likeness);

/// By layer, how often each expert was chosen (`layers.{i}.counts`).
Result<std::map<std::int64_t, std::vector<double>>> expert_use(const Checkpoint& checkpoint);

}  // namespace inarch
