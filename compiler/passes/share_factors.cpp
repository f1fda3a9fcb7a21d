#include "compiler/passes/pipeline.h"

namespace inarch {

namespace {

/// The factorisation that an output is a view of, where it is nothing else.
std::optional<NodeId> factored(const Module& module, const StepDraft& step) {
  if (step.copy || step.moves_only) return std::nullopt;
  const Node& root = module.graph[module.graph.outputs[step.first_output].node];
  if (!std::holds_alternative<ViewOp>(root.data)) return std::nullopt;
  const NodeId input = root.inputs[0];
  if (!std::holds_alternative<LowRankOp>(module.graph[input].data)) return std::nullopt;
  return input;
}

}  // namespace

void share_factors(Module& module) {
  std::optional<NodeId> before;
  DType dtype = DType::f32;
  for (StepDraft& step : module.steps) {
    const auto here = factored(module, step);
    const DType stored = module.graph.outputs[step.first_output].dtype;
    step.shares_before = here && here == before && stored == dtype;
    before = here;
    dtype = stored;
  }
}

}  // namespace inarch
