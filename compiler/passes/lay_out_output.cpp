#include <algorithm>

#include "compiler/passes/pipeline.h"

namespace inarch {

/// Fills shards in step order up to the shard size; inside a shard, wider elements come first, so
/// that every tensor is aligned to its own element size whatever the mix. A tensor larger than the
/// shard size has a shard to itself.
void lay_out_output(Module& module) {
  std::vector<Output>& outputs = module.graph.outputs;
  module.placements.assign(outputs.size(), {});
  std::int64_t filled = 0;
  std::uint32_t shard = 0;
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    const std::int64_t bytes = numel(outputs[k].shape) * bits(outputs[k].dtype) / 8;
    if (filled > 0 && filled + bytes > module.bound->shard_size) {
      ++shard;
      filled = 0;
    }
    module.placements[k] = {shard, 0, bytes};
    filled += bytes;
  }
  module.shard_count = outputs.empty() ? 0 : shard + 1;

  std::vector<std::uint32_t> order(outputs.size());
  for (std::uint32_t k = 0; k < order.size(); ++k) order[k] = k;
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    if (module.placements[a].shard != module.placements[b].shard)
      return module.placements[a].shard < module.placements[b].shard;
    return bits(outputs[a].dtype) > bits(outputs[b].dtype);
  });
  std::vector<Output> arranged;
  std::vector<Placement> placements;
  std::vector<StepDraft> steps;
  std::vector<std::uint32_t> place(outputs.size());
  for (const std::uint32_t k : order) {
    Placement at = module.placements[k];
    const bool first = placements.empty() || placements.back().shard != at.shard;
    at.offset = first ? 0 : placements.back().offset + placements.back().bytes;
    place[k] = static_cast<std::uint32_t>(arranged.size());
    StepDraft step = module.steps[k];  // steps and outputs run in parallel until merge_copies
    step.first_output = place[k];
    arranged.push_back(std::move(outputs[k]));
    placements.push_back(at);
    steps.push_back(step);
  }
  outputs = std::move(arranged);
  module.placements = std::move(placements);
  module.steps = std::move(steps);
  for (Node& node : module.graph.nodes) {
    if (auto* finished = std::get_if<FinishedOutput>(&node.data))
      finished->output = place[finished->output];
  }
}

}  // namespace inarch
