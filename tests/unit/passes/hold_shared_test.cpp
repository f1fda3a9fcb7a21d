#include <algorithm>

#include <gtest/gtest.h>

#include "compiler/passes/pipeline.h"

namespace inarch {

namespace {

constexpr std::int64_t side = 4;

NodeId add(Graph& graph, NodeData data, std::vector<NodeId> inputs, Shape shape = {side, side}) {
  return graph.add(Node{std::move(data), std::move(inputs), DType::f32, std::move(shape), {}});
}

LowRankOp factors() {
  LowRankOp op;
  op.rows = op.columns = side;
  op.rank = 1;
  return op;
}

std::int64_t holds(const Graph& graph) {
  return std::count_if(graph.nodes.begin(), graph.nodes.end(),
                       [](const Node& node) { return std::holds_alternative<HoldOp>(node.data); });
}

/// `count` matrices factored less the mean of all.
Module residues(int count) {
  Module module;
  std::vector<NodeId> matrices;
  for (int k = 0; k < count; ++k)
    matrices.push_back(add(module.graph, FillOp{static_cast<double>(k)}, {}));
  const NodeId mean =
      add(module.graph, LinearOp{std::vector<double>(matrices.size(), 1.0), 0}, matrices);
  for (int k = 0; k < count; ++k) {
    const NodeId rest =
        add(module.graph, LinearOp{{1, -1}, 0}, {matrices[static_cast<std::size_t>(k)], mean});
    const NodeId made = add(module.graph, Boxed<LowRankOp>(factors()), {rest}, {2 * side});
    module.graph.outputs.push_back(
        Output{0, "factors." + std::to_string(k), made, DType::f32, {2 * side}, {}, false});
  }
  module.graph.outputs.push_back(Output{0, "mean", mean, DType::f32, {side, side}, {}, false});
  return module;
}

}  // namespace

TEST(HoldShared, a_sum_that_several_factorisations_subtract_is_held_once) {
  Module module = residues(3);
  hold_shared(module);
  EXPECT_EQ(holds(module.graph), 1);
  for (const Output& output : module.graph.outputs) {
    const Node& made = module.graph[output.node];
    if (!std::holds_alternative<Boxed<LowRankOp>>(made.data)) continue;
    const Node& rest = module.graph[made.inputs.front()];
    ASSERT_EQ(rest.inputs.size(), 2U);
    EXPECT_TRUE(std::holds_alternative<FillOp>(module.graph[rest.inputs[0]].data));
    EXPECT_TRUE(std::holds_alternative<HoldOp>(module.graph[rest.inputs[1]].data));
  }
  // What is written of the mean needs no memory of it.
  EXPECT_TRUE(
      std::holds_alternative<LinearOp>(module.graph[module.graph.outputs.back().node].data));
}

TEST(HoldShared, what_one_factorisation_subtracts_is_not) {
  Module module = residues(1);
  hold_shared(module);
  EXPECT_EQ(holds(module.graph), 0);
}

}  // namespace inarch
