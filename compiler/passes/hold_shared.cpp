// Where several matrices are factored less one and the same sum, as when what experts differ by
// from their mean is kept at a low rank, that sum would be computed for each of them, from all of
// its terms. It is held instead: computed once for a step, before the matrices are.
//
// This comes before sums are fused, which would make one sum of each difference and hide it.

#include <map>
#include <set>

#include "compiler/passes/pipeline.h"
#include "compiler/passes/rewrite.h"

namespace inarch {

namespace {

/// What is worth remembering: more than one tensor goes into it.
bool is_costly(const Node& node) {
  return node.inputs.size() > 1 && is_arithmetic(node.data) &&
         !std::holds_alternative<DecodeOp>(node.data) &&
         !std::holds_alternative<Boxed<LowRankOp>>(node.data);
}

/// What one factorisation goes through: the elementwise operations above what is costly, and that.
struct Reached {
  std::set<NodeId> readers;
  std::set<NodeId> costly;
};

Reached reach(const Graph& graph, NodeId factored) {
  Reached reached;
  std::vector<NodeId> pending = {factored};
  while (!pending.empty()) {
    const NodeId id = pending.back();
    pending.pop_back();
    if (!is_pointwise(graph[id].data) || !reached.readers.insert(id).second) continue;
    for (const NodeId input : graph[id].inputs) {
      if (is_costly(graph[input])) {
        reached.costly.insert(input);
      } else {
        pending.push_back(input);
      }
    }
  }
  return reached;
}

}  // namespace

void hold_shared(Module& module) {
  Graph& graph = module.graph;
  std::map<NodeId, int> users;
  std::set<NodeId> readers;
  for (const Node& node : graph.nodes) {
    if (!std::holds_alternative<Boxed<LowRankOp>>(node.data)) continue;
    const Reached reached = reach(graph, node.inputs.front());
    readers.insert(reached.readers.begin(), reached.readers.end());
    for (const NodeId id : reached.costly) ++users[id];
  }
  std::erase_if(users, [](const auto& entry) { return entry.second < 2; });
  if (users.empty()) return;
  std::map<NodeId, NodeId> held;  // by the new number of what it holds
  NodeId id = 0;
  rewrite(graph, [&](Graph& next, Node node) {
    const NodeId was = id++;
    if (readers.count(was) != 0) {
      for (NodeId& input : node.inputs) {
        const auto hold = held.find(input);
        if (hold != held.end()) input = hold->second;
      }
    }
    const NodeId made = next.add(std::move(node));
    if (users.count(was) == 0) return made;
    Node hold = next[made];
    hold.data = HoldOp{};
    hold.inputs = {made};
    held[made] = next.add(std::move(hold));
    return made;
  });
}

}  // namespace inarch
