#include "compiler/passes/pipeline.h"

namespace inarch {

namespace {

/// The factorisation that an output is a view of, where it is nothing else.
std::optional<NodeId> factored(const Module& module, const StepDraft& step) {
  if (step.copy || step.moves_only) return std::nullopt;
  const Node& root = module.graph[module.graph.outputs[step.first_output].node];
  if (!std::holds_alternative<ViewOp>(root.data)) return std::nullopt;
  const NodeId input = root.inputs[0];
  if (!std::holds_alternative<Boxed<LowRankOp>>(module.graph[input].data)) return std::nullopt;
  return input;
}

}  // namespace

void share_factors(Module& module) {
  std::optional<NodeId> before;
  std::uint32_t output = 0;
  for (StepDraft& step : module.steps) {
    const auto here = factored(module, step);
    const std::uint32_t next = step.first_output;
    const bool follows = here && here == before && next == output + 1;
    step.shares_before = follows &&
                         module.graph.outputs[next].dtype == module.graph.outputs[output].dtype &&
                         module.placements[next].shard == module.placements[output].shard;
    before = here;
    output = next;
  }
}

}  // namespace inarch
