// Memory order: outputs are made, and laid out, in the order in which their first operands lie in
// the sources. Then sources are read front to back with the page cache's read-ahead doing what it
// is good at, neighbours in a source become neighbours in the output (so that merge_copies finds
// long runs), and outputs that share an operand come one after another, while it is still in
// memory.

#include <algorithm>
#include <limits>
#include <tuple>

#include "compiler/passes/pipeline.h"

namespace inarch {

namespace {

using Key = std::tuple<std::uint32_t, std::uint32_t, std::int64_t>;  // source, file, offset

constexpr Key no_source = {std::numeric_limits<std::uint32_t>::max(), 0, 0};

Key first_operand(const Module& module, NodeId id, std::vector<std::optional<Key>>& known) {
  if (known[id]) return *known[id];
  const Node& node = module.graph[id];
  Key key = no_source;
  if (const auto* leaf = std::get_if<SourceTensor>(&node.data)) {
    const TensorInfo& tensor = module.tensor(*leaf);
    key = {leaf->source, tensor.file, tensor.offset};
  }
  for (const NodeId input : node.inputs) {
    if (key != no_source) break;
    key = first_operand(module, input, known);
  }
  known[id] = key;
  return key;
}

}  // namespace

void order_steps(Module& module) {
  Graph& graph = module.graph;
  std::vector<std::optional<Key>> known(graph.nodes.size());
  std::vector<Key> keys;
  for (const Output& output : graph.outputs)
    keys.push_back(first_operand(module, output.node, known));
  std::stable_sort(module.steps.begin(), module.steps.end(),
                   [&](const StepDraft& a, const StepDraft& b) {
                     const Key& ka = keys[a.first_output];
                     const Key& kb = keys[b.first_output];
                     return std::tuple(std::get<0>(ka), std::get<1>(ka),
                                       a.copy ? a.copy->offset : std::get<2>(ka)) <
                            std::tuple(std::get<0>(kb), std::get<1>(kb),
                                       b.copy ? b.copy->offset : std::get<2>(kb));
                   });
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
