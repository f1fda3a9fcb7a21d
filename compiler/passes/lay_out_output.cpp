#include <algorithm>

#include "compiler/passes/pipeline.h"

namespace inarch {

namespace {

/// Gives each tensor its shard: those of an output are filled in step order up to its shard size. A
/// tensor larger than that has a shard to itself.
void fill_shards(Module& module) {
  struct Filling {
    std::uint32_t shards = 0;
    std::int64_t bytes = 0;  // in the last one
  };
  const std::vector<Output>& outputs = module.graph.outputs;
  std::vector<Filling> fillings(module.bound->outputs.size());
  module.placements.assign(outputs.size(), {});
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    const std::int64_t bytes = numel(outputs[k].shape) * bits(outputs[k].dtype) / 8;
    Filling& filling = fillings[outputs[k].checkpoint];
    const std::int64_t most = module.bound->outputs[outputs[k].checkpoint].shard_size;
    if (filling.shards == 0 || (filling.bytes > 0 && filling.bytes + bytes > most)) {
      ++filling.shards;
      filling.bytes = 0;
    }
    module.placements[k] = {filling.shards - 1, 0, bytes};
    filling.bytes += bytes;
  }
  std::vector<std::uint32_t> first = {0};
  for (const Filling& filling : fillings) {
    module.shard_counts.push_back(filling.shards);
    first.push_back(first.back() + filling.shards);
  }
  for (std::size_t k = 0; k < outputs.size(); ++k)
    module.placements[k].shard += first[outputs[k].checkpoint];
}

}  // namespace

/// Inside a shard, wider elements come first, so that every tensor is aligned to its own element
/// size whatever the mix. Steps of one output follow its layout, where merge_copies looks for
/// neighbours; those of several stay in the order of the sources, which they read together.
void lay_out_output(Module& module) {
  fill_shards(module);
  std::vector<Output>& outputs = module.graph.outputs;
  std::vector<std::uint32_t> order(outputs.size());
  for (std::uint32_t k = 0; k < order.size(); ++k) order[k] = k;
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    if (module.placements[a].shard != module.placements[b].shard)
      return module.placements[a].shard < module.placements[b].shard;
    return bits(outputs[a].dtype) > bits(outputs[b].dtype);
  });
  std::vector<Output> arranged;
  std::vector<Placement> placements;
  std::vector<std::uint32_t> place(outputs.size());
  for (const std::uint32_t k : order) {
    Placement at = module.placements[k];
    const bool first = placements.empty() || placements.back().shard != at.shard;
    at.offset = first ? 0 : placements.back().offset + placements.back().bytes;
    place[k] = static_cast<std::uint32_t>(arranged.size());
    arranged.push_back(std::move(outputs[k]));
    placements.push_back(at);
  }
  // Steps and outputs have run in parallel so far.
  for (StepDraft& step : module.steps) step.first_output = place[step.first_output];
  if (module.bound->outputs.size() == 1) {
    std::sort(module.steps.begin(), module.steps.end(), [](const StepDraft& a, const StepDraft& b) {
      return a.first_output < b.first_output;
    });
  }
  outputs = std::move(arranged);
  module.placements = std::move(placements);
  for (Node& node : module.graph.nodes) {
    if (auto* finished = std::get_if<FinishedOutput>(&node.data))
      finished->output = place[finished->output];
  }
}

}  // namespace inarch
