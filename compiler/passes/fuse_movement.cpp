#include "compiler/passes/compose_views.h"
#include "compiler/passes/pipeline.h"
#include "compiler/passes/rewrite.h"

namespace inarch {

void fuse_movement(Module& module) {
  const auto is_view = [](const NodeData& data) { return std::holds_alternative<ViewOp>(data); };
  if (!any_node(module.graph, is_view)) return;
  rewrite(module.graph, [](Graph& graph, Node node) {
    auto* view = std::get_if<ViewOp>(&node.data);
    if (!view || node.count() == 0) return graph.add(std::move(node));
    *view = normalized(*view);
    if (const auto* below = std::get_if<ViewOp>(&graph[node.inputs[0]].data)) {
      if (const auto fused = compose(*view, *below)) {
        *view = *fused;
        node.inputs = graph[node.inputs[0]].inputs;
      }
    }
    const bool everything =
        view->offset == 0 && is_contiguous(*view) && node.count() == graph[node.inputs[0]].count();
    if (everything) return node.inputs[0];
    return graph.add(std::move(node));
  });
}

}  // namespace inarch
