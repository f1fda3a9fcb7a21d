#include "compiler/ir/source_ranges.h"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

namespace inarch {
namespace {

/// One source with one bf16 tensor of so many elements, at byte 100 of its file.
BoundRecipe recipe_over(std::int64_t elements) {
  auto checkpoint = std::make_shared<Checkpoint>();
  checkpoint->files.push_back({"models/m.safetensors", "m.safetensors", 10000, 0, 0, ""});
  TensorInfo info;
  info.name = "x";
  info.dtype = DType::bf16;
  info.shape = {elements};
  info.offset = 100;
  info.bytes = 2 * elements;
  checkpoint->tensors.push_back(info);
  checkpoint->build_index();
  BoundRecipe bound;
  BoundSource source;
  source.name = "m";
  source.checkpoint = checkpoint;
  bound.sources.push_back(std::move(source));
  return bound;
}

NodeId add(Graph& graph, NodeData data, std::vector<NodeId> inputs, Shape shape) {
  return graph.add({std::move(data), std::move(inputs), DType::bf16, std::move(shape), {}});
}

/// Which elements of its input a view reads for [begin, end) of its result.
std::vector<std::int64_t> elements_read(const ViewOp& view, std::int64_t begin, std::int64_t end) {
  std::vector<std::int64_t> read;
  for (std::int64_t at = begin; at < end; ++at) {
    std::int64_t rest = at;
    std::int64_t element = view.offset;
    for (auto dim = view.dims.rbegin(); dim != view.dims.rend(); ++dim) {
      element += rest % dim->size * dim->stride;
      rest /= dim->size;
    }
    read.push_back(element);
  }
  return read;
}

TEST(SourceRanges, OfAWholeTensor) {
  const BoundRecipe bound = recipe_over(12);
  Graph graph;
  const NodeId leaf = add(graph, SourceTensor{}, {}, {12});
  const auto ranges = source_ranges(bound, graph, leaf);
  ASSERT_EQ(ranges.size(), 1u);
  EXPECT_EQ(ranges[0].begin, 100);
  EXPECT_EQ(ranges[0].end, 124);
  EXPECT_EQ(ranges[0].tensor_bytes, 24);
  EXPECT_EQ(ranges[0].file, "models/m.safetensors");
}

TEST(SourceRanges, OfPiecesThatOneOpPutsTogether) {
  const BoundRecipe bound = recipe_over(12);
  Graph graph;
  const NodeId leaf = add(graph, SourceTensor{}, {}, {12});
  const NodeId joined = add(graph, ConcatOp{1, {12, 12}}, {leaf, leaf}, {24});
  const NodeId part = add(graph, ViewOp{14, {{4, 1}}}, {joined}, {4});
  const auto ranges = source_ranges(bound, graph, part);
  ASSERT_EQ(ranges.size(), 1u);
  EXPECT_EQ(ranges[0].begin, 100 + 2 * 2);
  EXPECT_EQ(ranges[0].end, 100 + 2 * 6);
  const NodeId rows = add(graph, TakeOp{1, 6, 2, {4, 2}}, {leaf}, {2, 2});
  EXPECT_EQ(source_ranges(bound, graph, rows)[0].begin, 100 + 2 * 4);
  EXPECT_EQ(source_ranges(bound, graph, rows)[0].end, 100 + 2 * 10);
}

TEST(SourceRanges, OfAViewAreTheFirstAndLastElementThatItReads) {
  std::mt19937 random(3);
  const auto upto = [&](int most) {
    return static_cast<std::int64_t>(random() % unsigned(most + 1));
  };
  for (int round = 0; round < 500; ++round) {
    ViewOp view;
    std::int64_t low = 0;
    std::int64_t high = 0;
    Shape shape;
    for (std::int64_t d = upto(3); d >= 0; --d) {
      view.dims.push_back({1 + upto(4), upto(12) - 6});
      const std::int64_t reach = (view.dims.back().size - 1) * view.dims.back().stride;
      low += std::min<std::int64_t>(reach, 0);
      high += std::max<std::int64_t>(reach, 0);
      shape.push_back(view.dims.back().size);
    }
    view.offset = -low;
    const BoundRecipe bound = recipe_over(high - low + 1);
    Graph graph;
    const NodeId leaf = add(graph, SourceTensor{}, {}, {high - low + 1});
    const NodeId viewed = add(graph, view, {leaf}, shape);
    const auto whole = elements_read(view, 0, numel(shape));
    const auto [least, most] = std::minmax_element(whole.begin(), whole.end());
    auto ranges = source_ranges(bound, graph, viewed);
    ASSERT_EQ(ranges[0].begin, 100 + 2 * *least);
    ASSERT_EQ(ranges[0].end, 100 + 2 * (*most + 1));
    const std::int64_t begin = upto(static_cast<int>(numel(shape)) - 1);
    const std::int64_t count = 1 + upto(static_cast<int>(numel(shape) - begin) - 1);
    const NodeId part = add(graph, ViewOp{begin, {{count, 1}}}, {viewed}, {count});
    const auto read = elements_read(view, begin, begin + count);
    const auto [first, last] = std::minmax_element(read.begin(), read.end());
    ranges = source_ranges(bound, graph, part);
    ASSERT_LE(ranges[0].begin, 100 + 2 * *first);
    ASSERT_GE(ranges[0].end, 100 + 2 * (*last + 1));
    ASSERT_GE(ranges[0].begin, 100 + 2 * *least);
    ASSERT_LE(ranges[0].end, 100 + 2 * (*most + 1));
  }
}

}  // namespace
}  // namespace inarch
