// Memory order: outputs are made, and laid out, in the order in which their first operands lie in
// the sources. Then sources are read front to back with the page cache's read-ahead doing what it
// is good at, neighbours in a source become neighbours in the output (so that merge_copies finds
// long runs), and outputs that share an operand come one after another, while it is still in
// memory.

#include <algorithm>

#include "compiler/passes/pipeline.h"

namespace inarch {

namespace {

ReadPlace first_operand(const Module& module, NodeId id,
                        std::vector<std::optional<ReadPlace>>& known) {
  if (known[id]) return *known[id];
  const Node& node = module.graph[id];
  ReadPlace key;
  if (const auto* leaf = std::get_if<SourceTensor>(&node.data)) {
    const TensorInfo& tensor = module.tensor(*leaf);
    key = {leaf->source, tensor.file, tensor.offset};
  }
  for (const NodeId input : node.inputs) {
    if (key != ReadPlace()) break;
    key = first_operand(module, input, known);
  }
  known[id] = key;
  return key;
}

}  // namespace

void order_steps(Module& module) {
  Graph& graph = module.graph;
  std::vector<std::optional<ReadPlace>> known(graph.nodes.size());
  for (StepDraft& step : module.steps) {
    step.reads = first_operand(module, graph.outputs[step.first_output].node, known);
    if (step.copy) step.reads.offset = step.copy->offset;
  }
  std::stable_sort(module.steps.begin(), module.steps.end(),
                   [](const StepDraft& a, const StepDraft& b) { return a.reads < b.reads; });
  std::vector<std::uint32_t> place(graph.outputs.size());
  std::vector<Output> outputs;
  for (StepDraft& step : module.steps) {
    place[step.first_output] = static_cast<std::uint32_t>(outputs.size());
    outputs.push_back(std::move(graph.outputs[step.first_output]));
    step.first_output = place[step.first_output];
  }
  graph.outputs = std::move(outputs);
  for (Node& node : graph.nodes) {
    if (auto* finished = std::get_if<FinishedOutput>(&node.data))
      finished->output = place[finished->output];
  }
}

}  // namespace inarch
