#include <map>
#include <set>

#include "compiler/passes/pipeline.h"
#include "compiler/passes/rewrite.h"

namespace inarch {

namespace {

/// A move makes a node anew for each that it passes. Tensors added to moved ones of themselves,
/// over and over, would double with each sum; past this many a move stays where it is.
constexpr std::size_t most_passed = 256;

bool is_movement(const NodeData& data) {
  return std::holds_alternative<ViewOp>(data) || std::holds_alternative<TakeOp>(data);
}

/// view(a·x + b) = a·view(x) + b: with all movement next to the sources, a tile of the result needs
/// just the elements it shows, and movement chains lie side by side for fuse_movement. Over a fill
/// a move vanishes. An operand that is reached in several ways is moved once: sums of sums would
/// double otherwise.
class Sinking {
 public:
  Sinking(Graph& graph, const Node& move) : graph_(graph), move_(move) {}

  NodeId run() {
    const NodeId input = move_.inputs[0];
    if (!count_passed(input)) return graph_.add(move_);
    return place(input, move_.dtype);
  }

 private:
  /// False when there are more than it may pass.
  bool count_passed(NodeId id) {
    if (!passed_.insert(id).second) return true;
    if (passed_.size() > most_passed) return false;
    if (!is_pointwise(graph_[id].data)) return true;
    for (const NodeId input : graph_[id].inputs) {
      if (!count_passed(input)) return false;
    }
    return true;
  }

  NodeId place(NodeId input, DType dtype) {
    const auto known = placed_.find(input);
    if (known != placed_.end()) return known->second;
    const NodeId made = place_anew(input, dtype);
    placed_.emplace(input, made);
    return made;
  }

  NodeId place_anew(NodeId input, DType dtype) {
    Node node = move_;
    node.dtype = dtype;
    const NodeData& below = graph_[input].data;
    if (std::holds_alternative<FillOp>(below)) {
      node.data = below;
      node.inputs.clear();
    } else if (!is_pointwise(below)) {
      node.inputs = {input};
    } else {
      node.data = below;
      node.inputs = graph_[input].inputs;
      for (NodeId& source : node.inputs) source = place(source, graph_[source].dtype);
    }
    return graph_.add(std::move(node));
  }

  Graph& graph_;
  const Node& move_;
  std::set<NodeId> passed_;
  std::map<NodeId, NodeId> placed_;
};

}  // namespace

void sink_movement(Module& module) {
  if (!any_node(module.graph, is_movement)) return;
  rewrite(module.graph, [](Graph& graph, Node node) {
    if (!is_movement(node.data)) return graph.add(std::move(node));
    return Sinking(graph, node).run();
  });
}

}  // namespace inarch
