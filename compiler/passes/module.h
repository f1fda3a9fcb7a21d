#pragma once

#include <compare>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "compiler/ir/graph.h"
#include "compiler/recipe/bound_recipe.h"

namespace inarch {

/// Bytes that a step takes from a source file as they are.
struct CopyRange {
  std::uint32_t source = 0;
  std::uint32_t file = 0;
  std::int64_t offset = 0;  // from the start of the file
  std::int64_t bytes = 0;
};

/// Where in the sources a step begins to read, in the order in which they are gone through.
struct ReadPlace {
  std::uint32_t source = std::numeric_limits<std::uint32_t>::max();  // of a step that reads none
  std::uint32_t file = 0;
  std::int64_t offset = 0;

  friend auto operator<=>(const ReadPlace&, const ReadPlace&) = default;
};

/// How one output, or a run of copied neighbours, comes about.
struct StepDraft {
  std::uint32_t first_output = 0;
  std::uint32_t output_count = 1;
  std::optional<CopyRange> copy;
  ReadPlace reads;             // set by order_steps
  bool shares_before = false;  // what the step before materialises is used here too
  bool moves_only = false;     // bytes go through unchanged, though not in one run
};

/// Where a tensor lies: counted from the start of the shard's data, after its header.
struct Placement {
  std::uint32_t shard = 0;  // among those of all outputs
  std::int64_t offset = 0;
  std::int64_t bytes = 0;
};

/// What the passes work on: first the graph alone, then, from recognise_copies on, its steps too.
struct Module {
  Graph graph;
  const BoundRecipe* bound = nullptr;
  std::vector<StepDraft> steps;       // one per output until merge_copies
  std::vector<Placement> placements;  // by output, after lay_out_output
  std::vector<std::uint32_t>
      shard_counts;  // by BoundRecipe::outputs, whose shards follow each other

  const TensorInfo& tensor(const SourceTensor& leaf) const {
    const Checkpoint& checkpoint = *bound->sources[leaf.source].checkpoint;
    const TensorInfo& whole = checkpoint.tensors[leaf.tensor];
    if (leaf.part == SourceTensor::whole) return whole;
    return checkpoint.encoded[static_cast<std::size_t>(whole.encoded)]
        .parts[static_cast<std::size_t>(leaf.part)];
  }
};

std::string print(const Module& module);

}  // namespace inarch
