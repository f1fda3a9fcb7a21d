#pragma once

#include <algorithm>

#include "compiler/passes/module.h"

namespace inarch {

/// What outputs and checks use, by its new numbers.
void renumber_uses(Graph& graph, const std::vector<NodeId>& renumbered);

/// Rebuilds a graph node by node, in order. `each(graph, node)` gets the new graph and a node whose
/// inputs are already renumbered, adds what it likes and returns the id that stands for the node.
template <typename F>
void rewrite(Graph& graph, F each) {
  Graph next;
  next.nodes.reserve(graph.nodes.size());
  std::vector<NodeId> renumbered(graph.nodes.size());
  for (NodeId id = 0; id < graph.nodes.size(); ++id) {
    Node node = std::move(graph.nodes[id]);
    for (NodeId& input : node.inputs) input = renumbered[input];
    renumbered[id] = each(next, std::move(node));
  }
  renumber_uses(graph, renumbered);
  graph.nodes = std::move(next.nodes);
  remove_unused(graph);
}

template <typename F>
bool any_node(const Graph& graph, F is_wanted) {
  return std::any_of(graph.nodes.begin(), graph.nodes.end(),
                     [&](const Node& node) { return is_wanted(node.data); });
}

/// How many nodes, outputs and checks use each node.
std::vector<std::uint32_t> count_uses(const Graph& graph);

}  // namespace inarch
