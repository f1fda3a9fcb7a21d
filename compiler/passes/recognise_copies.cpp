#include "compiler/passes/compose_views.h"
#include "compiler/passes/pipeline.h"

namespace inarch {

namespace {

std::optional<CopyRange> whole_or_part(const Module& module, const Output& output) {
  const Node* node = &module.graph[output.node];
  std::int64_t first = 0;
  if (const auto* view = std::get_if<ViewOp>(&node->data)) {
    if (!is_contiguous(*view) || bits(node->type.dtype) % 8 != 0) return std::nullopt;
    first = view->offset;
    node = &module.graph[node->inputs[0]];
  }
  const auto* leaf = std::get_if<SourceTensor>(&node->data);
  if (!leaf || node->type.dtype != output.dtype) return std::nullopt;
  const TensorInfo& tensor = module.tensor(*leaf);
  const std::int64_t bytes = numel(output.shape) * bits(output.dtype) / 8;
  return CopyRange{leaf->source, tensor.file, tensor.offset + first * bits(output.dtype) / 8,
                   bytes};
}

/// True when no op below computes and every element has the output's dtype already.
bool moves_only(const Graph& graph, NodeId id, DType dtype) {
  const Node& node = graph[id];
  const bool made = std::holds_alternative<FillOp>(node.data);
  const bool computed = is_arithmetic(node.data) || std::holds_alternative<RandomOp>(node.data) ||
                        std::holds_alternative<IdentityOp>(node.data);
  if (computed || (!made && node.type.dtype != dtype)) return false;
  for (const NodeId input : node.inputs) {
    if (!moves_only(graph, input, dtype)) return false;
  }
  return true;
}

}  // namespace

void recognise_copies(Module& module) {
  module.steps.clear();
  for (std::uint32_t k = 0; k < module.graph.outputs.size(); ++k) {
    Output& output = module.graph.outputs[k];
    // Rounding to the output's dtype happens anyway.
    const Node& root = module.graph[output.node];
    const auto* round = std::get_if<RoundOp>(&root.data);
    if (round && round->dtype == output.dtype) output.node = root.inputs[0];
    StepDraft step;
    step.first_output = k;
    step.copy = whole_or_part(module, output);
    step.moves_only = !step.copy && moves_only(module.graph, output.node, output.dtype);
    module.steps.push_back(step);
  }
}

}  // namespace inarch
