#include "compiler/ir/source_ranges.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>

namespace inarch {

namespace {

/// Elements [begin, end) of a node's flat sequence.
struct Run {
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

/// The least run of a view's input that holds what a run of its result is made of. Dimensions
/// before the first in which the run's ends differ stand still; those after it are taken whole.
Run under_view(const ViewOp& view, Run run) {
  std::int64_t low = view.offset;
  std::int64_t high = view.offset;
  std::int64_t inner = 1;
  for (const ViewDim& dim : view.dims) inner *= dim.size;
  bool apart = false;
  for (const ViewDim& dim : view.dims) {
    inner /= std::max<std::int64_t>(dim.size, 1);
    std::int64_t first = 0;
    std::int64_t last = dim.size - 1;
    if (!apart) {
      first = run.begin / inner % dim.size;
      last = (run.end - 1) / inner % dim.size;
      apart = first != last;
    }
    low += std::min(first * dim.stride, last * dim.stride);
    high += std::max(first * dim.stride, last * dim.stride);
  }
  return {low, high + 1};
}

/// What an input of a node is read of, where `run` of the node is asked for.
Run of_input(const Graph& graph, const Node& node, std::size_t k, Run run) {
  const Run whole{0, graph[node.inputs[k]].count()};
  if (const auto* view = std::get_if<ViewOp>(&node.data)) return under_view(*view, run);
  if (const auto* take = std::get_if<TakeOp>(&node.data)) {
    if (take->outer != 1 || take->indices.empty()) return whole;
    const auto [least, most] = std::minmax_element(take->indices.begin(), take->indices.end());
    return {*least * take->inner, (*most + 1) * take->inner};
  }
  if (const auto* concat = std::get_if<ConcatOp>(&node.data)) {
    if (concat->outer != 1) return whole;
    std::int64_t before = 0;
    for (std::size_t b = 0; b < k; ++b) before += concat->blocks[b];
    return {std::max<std::int64_t>(run.begin - before, 0),
            std::min(run.end - before, concat->blocks[k])};
  }
  return is_pointwise(node.data) ? run : whole;
}

/// By node, what is asked of it: one run that holds all that its readers want.
std::map<NodeId, Run, std::greater<>> runs_below(const Graph& graph, NodeId root) {
  std::map<NodeId, Run, std::greater<>> asked = {{root, {0, graph[root].count()}}};
  for (auto at = asked.begin(); at != asked.end(); ++at) {  // inputs come later, being smaller
    const Node& node = graph[at->first];
    for (std::size_t k = 0; k < node.inputs.size(); ++k) {
      const Run run = of_input(graph, node, k, at->second);
      if (run.begin >= run.end) continue;
      const auto [known, fresh] = asked.emplace(node.inputs[k], run);
      if (fresh) continue;
      known->second.begin = std::min(known->second.begin, run.begin);
      known->second.end = std::max(known->second.end, run.end);
    }
  }
  return asked;
}

SourceRange range_of(const BoundRecipe& bound, const SourceTensor& leaf, Run run) {
  const Checkpoint& checkpoint = *bound.sources[leaf.source].checkpoint;
  const TensorInfo* stored = &checkpoint.tensors[leaf.tensor];
  if (leaf.part >= 0) {
    const auto& encoded = checkpoint.encoded[static_cast<std::size_t>(stored->encoded)];
    stored = &encoded.parts[static_cast<std::size_t>(leaf.part)];
  }
  SourceRange range{
      leaf.source,    leaf.tensor,    stored->name, checkpoint.files[stored->file].path,
      stored->offset, stored->offset, stored->bytes};
  const std::int64_t width = bits(stored->dtype);
  const bool whole_bytes = width % 8 == 0;
  range.begin += whole_bytes ? run.begin * width / 8 : 0;
  range.end += whole_bytes ? run.end * width / 8 : stored->bytes;
  return range;
}

}  // namespace

std::vector<SourceRange> source_ranges(const BoundRecipe& bound, const Graph& graph, NodeId root) {
  std::vector<SourceRange> ranges;
  for (const auto& [id, run] : runs_below(graph, root)) {
    if (const auto* leaf = std::get_if<SourceTensor>(&graph[id].data))
      ranges.push_back(range_of(bound, *leaf, run));
  }
  const auto place = [](const SourceRange& r) {
    return std::tie(r.source, r.file, r.begin, r.end);
  };
  std::sort(ranges.begin(), ranges.end(),
            [&](const SourceRange& a, const SourceRange& b) { return place(a) < place(b); });
  const auto same = [&](const SourceRange& a, const SourceRange& b) {
    return place(a) == place(b) && a.stored == b.stored;
  };
  ranges.erase(std::unique(ranges.begin(), ranges.end(), same), ranges.end());
  return ranges;
}

}  // namespace inarch
