#include <algorithm>
#include <set>

#include "compiler/passes/pipeline.h"

namespace inarch {

namespace {

/// What may be computed once, before the tiles of a step.
bool is_computed_first(const NodeData& data) {
  return std::holds_alternative<HoldOp>(data) || std::holds_alternative<ReduceOp>(data) ||
         std::holds_alternative<LargestOp>(data) || std::holds_alternative<MatmulOp>(data) ||
         std::holds_alternative<DecodeOp>(data) || std::holds_alternative<EncodeOp>(data) ||
         std::holds_alternative<Boxed<LowRankOp>>(data) ||
         std::holds_alternative<Boxed<MergeOp>>(data);
}

/// What is computed before the first tile, as far as factors are among it, in the order of the
/// nodes; nothing where no matrix is factored, or the result is itself such a thing.
std::vector<NodeId> materialised(const Module& module, const StepDraft& step) {
  if (step.copy || step.moves_only) return {};
  const NodeId root = module.graph.outputs[step.first_output].node;
  std::set<NodeId> seen;
  std::vector<NodeId> pending = {root}, found;
  bool factors = false;
  while (!pending.empty()) {
    const NodeId id = pending.back();
    pending.pop_back();
    if (!seen.insert(id).second) continue;
    const Node& node = module.graph[id];
    factors = factors || std::holds_alternative<Boxed<LowRankOp>>(node.data);
    if (is_computed_first(node.data)) found.push_back(id);
    pending.insert(pending.end(), node.inputs.begin(), node.inputs.end());
  }
  if (!factors || is_computed_first(module.graph[root].data)) return {};
  std::sort(found.begin(), found.end());
  return found;
}

bool factors_any(const Graph& graph) {
  return std::any_of(graph.nodes.begin(), graph.nodes.end(), [](const Node& node) {
    return std::holds_alternative<Boxed<LowRankOp>>(node.data);
  });
}

}  // namespace

void share_factors(Module& module) {
  if (!factors_any(module.graph)) return;
  std::vector<NodeId> before;
  std::uint32_t output = 0;
  for (StepDraft& step : module.steps) {
    std::vector<NodeId> here = materialised(module, step);
    const std::uint32_t next = step.first_output;
    const bool follows = !here.empty() && here == before && next == output + 1;
    step.shares_before = follows &&
                         module.graph.outputs[next].dtype == module.graph.outputs[output].dtype &&
                         module.placements[next].shard == module.placements[output].shard;
    before = std::move(here);
    output = next;
  }
}

}  // namespace inarch
