#include <utility>

#include "compiler/ir/decoded.h"
#include "compiler/passes/pipeline.h"
#include "compiler/passes/rewrite.h"

namespace inarch {

namespace {

/// What was one output until now: the first of those it becomes.
struct Spelled {
  std::uint32_t first = 0;
  std::int32_t storage = -1;
};

std::vector<Spelled> spell_out(Graph& graph) {
  std::vector<Spelled> places;
  std::vector<Output> outputs;
  places.reserve(graph.outputs.size());
  outputs.reserve(2 * graph.outputs.size());  // most are codes and scales
  for (Output& output : graph.outputs) {
    places.push_back({static_cast<std::uint32_t>(outputs.size()), output.storage});
    if (output.storage < 0) {
      outputs.push_back(std::move(output));
      continue;
    }
    const Storage& storage = graph.storages[static_cast<std::size_t>(output.storage)];
    for (std::size_t k = 0; k < storage.parts.size(); ++k) {
      const Storage::Part& part = storage.parts[k];
      const bool codes = storage.encoding->parts[k] == PartRole::codes;
      outputs.push_back({output.checkpoint, part_name(output, storage, part), part.node, part.dtype,
                         part.shape, output.origin, output.is_buffer, -1,
                         codes ? numel(output.shape) : 0});
    }
  }
  graph.outputs = std::move(outputs);
  return places;
}

}  // namespace

/// Until here an output is one tensor, whatever it is stored as, and so rules and checks speak of
/// it. Checks that read it back decode what was written.
void spell_out_encoded(Module& module) {
  Graph& graph = module.graph;
  graph.encoded_values.clear();
  if (graph.storages.empty()) return;
  const std::vector<Spelled> places = spell_out(graph);
  const std::vector<Storage> storages = std::move(graph.storages);
  graph.storages.clear();
  const bool read_back = any_node(
      graph, [](const NodeData& data) { return std::holds_alternative<FinishedOutput>(data); });
  if (!read_back) return remove_unused(graph);
  rewrite(graph, [&](Graph& next, Node node) {
    auto* finished = std::get_if<FinishedOutput>(&node.data);
    if (finished == nullptr) return next.add(std::move(node));
    const Spelled& place = places[finished->output];
    if (place.storage < 0) {
      finished->output = place.first;
      return next.add(std::move(node));
    }
    const Storage& storage = storages[static_cast<std::size_t>(place.storage)];
    std::vector<NodeId> parts;
    for (std::uint32_t k = 0; k < storage.parts.size(); ++k) {
      const Storage::Part& stored = storage.parts[k];
      Node part = part_to_decode(*storage.encoding, k, FinishedOutput{place.first + k},
                                 stored.dtype, stored.shape);
      part.origin = node.origin;
      parts.push_back(next.add(std::move(part)));
    }
    return add_decoded(next, {storage.encoding, storage.transposed}, std::move(parts), node.dtype,
                       node.shape, node.origin);
  });
}

}  // namespace inarch
