#include <algorithm>

#include "compiler/passes/pipeline.h"
#include "compiler/passes/rewrite.h"

namespace inarch {

namespace {

/// A weighted sum in the making. An operand that comes twice, as the base of base + a·(x − base)
/// does, is read once.
struct FusedSum {
  LinearOp op;
  std::vector<NodeId> inputs;

  void add(NodeId input, double weight) {
    const auto known = std::find(inputs.begin(), inputs.end(), input);
    if (known != inputs.end()) {
      op.weights[static_cast<std::size_t>(known - inputs.begin())] += weight;
    } else {
      inputs.push_back(input);
      op.weights.push_back(weight);
    }
  }
};

/// Puts weighted sums among the inputs of a weighted sum in their place. Weights multiply and add
/// in f64 and are rounded once, so this is no less exact than the chain.
void absorb_inputs(const Graph& graph, Node& node, const std::vector<bool>& used_once) {
  const LinearOp outer = std::get<LinearOp>(node.data);
  FusedSum fused{{{}, outer.bias}, {}};
  for (std::size_t k = 0; k < node.inputs.size(); ++k) {
    const NodeId input = node.inputs[k];
    const auto* inner = std::get_if<LinearOp>(&graph[input].data);
    if (!inner || !used_once[input]) {
      fused.add(input, outer.weights[k]);
      continue;
    }
    for (std::size_t j = 0; j < inner->weights.size(); ++j)
      fused.add(graph[input].inputs[j], outer.weights[k] * inner->weights[j]);
    fused.op.bias += outer.weights[k] * inner->bias;
  }
  node.data = std::move(fused.op);
  node.inputs = std::move(fused.inputs);
}

bool changes_nothing(const Node& node, const Graph& graph) {
  if (const auto* linear = std::get_if<LinearOp>(&node.data)) {
    const bool same_dtype = graph[node.inputs[0]].dtype == node.dtype;
    return linear->weights.size() == 1 && linear->weights[0] == 1 && linear->bias == 0 &&
           same_dtype;
  }
  if (const auto* round = std::get_if<RoundOp>(&node.data)) {
    const Node& below = graph[node.inputs[0]];
    const auto* again = std::get_if<RoundOp>(&below.data);
    const bool stored =
        std::holds_alternative<SourceTensor>(below.data) && below.dtype == round->dtype;
    return stored || (again && again->dtype == round->dtype);
  }
  return false;
}

}  // namespace

void fuse_pointwise(Module& module) {
  if (!any_node(module.graph, is_pointwise)) return;
  const std::vector<std::uint32_t> uses = count_uses(module.graph);
  std::vector<bool> used_once;  // by new id
  NodeId old_id = 0;
  rewrite(module.graph, [&](Graph& graph, Node node) {
    const bool single = uses[old_id++] == 1;
    if (std::holds_alternative<LinearOp>(node.data)) absorb_inputs(graph, node, used_once);
    if (changes_nothing(node, graph)) {
      if (!single) used_once[node.inputs[0]] = false;
      return node.inputs[0];
    }
    used_once.push_back(single);
    return graph.add(std::move(node));
  });
}

}  // namespace inarch
