#include "compiler/passes/compose_views.h"
#include "compiler/passes/pipeline.h"

namespace inarch {

namespace {

std::optional<CopyRange> whole_or_part(const Module& module, const Output& output) {
  const Node* node = &module.graph[output.node];
  std::int64_t first = 0;
  if (const auto* view = std::get_if<ViewOp>(&node->data)) {
    if (!is_contiguous(*view) || bits(node->dtype) % 8 != 0) return std::nullopt;
    first = view->offset;
    node = &module.graph[node->inputs[0]];
  }
  const auto* leaf = std::get_if<SourceTensor>(&node->data);
  if (!leaf || node->dtype != output.dtype) return std::nullopt;
  const TensorInfo& tensor = module.tensor(*leaf);
  const std::int64_t bytes = numel(output.shape) * bits(output.dtype) / 8;
  return CopyRange{leaf->source, tensor.file, tensor.offset + first * bits(output.dtype) / 8,
                   bytes};
}

/// What becomes of elements on the way to a node.
struct Moved {
  bool only = false;           // nothing computes with them
  std::optional<DType> dtype;  // what all of them are stored as; none for a fill, which is as asked
};

Moved moved(const Node& node, const std::vector<Moved>& known) {
  if (std::holds_alternative<FillOp>(node.data)) return {true, std::nullopt};
  if (is_arithmetic(node.data) || std::holds_alternative<RandomOp>(node.data) ||
      std::holds_alternative<IdentityOp>(node.data))
    return {};
  bool stored = false;
  for (const NodeId input : node.inputs) {
    const Moved& below = known[input];
    if (!below.only || (below.dtype && *below.dtype != node.dtype)) return {};
    stored = stored || below.dtype;
  }
  return {true, node.inputs.empty() || stored ? std::optional(node.dtype) : std::nullopt};
}

}  // namespace

void recognise_copies(Module& module) {
  std::vector<Moved> known;
  for (const Node& node : module.graph.nodes) known.push_back(moved(node, known));
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
    const Moved& made = known[output.node];
    step.moves_only = !step.copy && made.only && made.dtype.value_or(output.dtype) == output.dtype;
    module.steps.push_back(step);
  }
}

}  // namespace inarch
