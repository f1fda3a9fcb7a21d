#include <map>

#include "compiler/passes/pipeline.h"
#include "compiler/passes/rewrite.h"

namespace inarch {

namespace {

bool is_movement(const NodeData& data) {
  return std::holds_alternative<ViewOp>(data) || std::holds_alternative<TakeOp>(data);
}

using Placed = std::map<NodeId, NodeId>;

NodeId place(Graph& graph, const Node& move, NodeId input, Placed& placed);

/// Adds `move` over `input`; over a pointwise op it goes on to that op's inputs, over a fill it
/// vanishes.
NodeId place_anew(Graph& graph, const Node& move, NodeId input, Placed& placed) {
  const Node below = graph[input];  // a copy: adding nodes moves the originals
  Node node = move;
  if (std::holds_alternative<FillOp>(below.data)) {
    node.data = below.data;
    node.inputs.clear();
    return graph.add(std::move(node));
  }
  if (!is_pointwise(below.data)) {
    node.inputs = {input};
    return graph.add(std::move(node));
  }
  std::vector<NodeId> moved;
  for (const NodeId source : below.inputs) {
    Node inner = move;
    inner.type.dtype = graph[source].type.dtype;
    moved.push_back(place(graph, inner, source, placed));
  }
  node.data = below.data;
  node.inputs = std::move(moved);
  return graph.add(std::move(node));
}

/// An operand that is reached in several ways is moved once: sums of sums would double otherwise.
NodeId place(Graph& graph, const Node& move, NodeId input, Placed& placed) {
  const auto known = placed.find(input);
  if (known != placed.end()) return known->second;
  const NodeId made = place_anew(graph, move, input, placed);
  placed.emplace(input, made);
  return made;
}

}  // namespace

/// view(a·x + b) = a·view(x) + b: with all movement next to the sources, a tile of the result needs
/// just the elements it shows, and movement chains lie side by side for fuse_movement.
void sink_movement(Module& module) {
  rewrite(module.graph, [](Graph& graph, Node node) {
    if (!is_movement(node.data)) return graph.add(std::move(node));
    const NodeId input = node.inputs[0];
    Placed placed;
    return place(graph, node, input, placed);
  });
}

}  // namespace inarch
