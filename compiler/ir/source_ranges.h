#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/ir/graph.h"
#include "compiler/recipe/bound_recipe.h"

namespace inarch {

/// Bytes [begin, end) of a source's file that a tensor is made of: those of one stored tensor, or
/// the run within it that holds all elements which are read.
struct SourceRange {
  std::uint32_t source = 0;  // index into BoundRecipe::sources
  std::uint32_t tensor = 0;  // index into the checkpoint's tensors
  std::string stored;        // the name in the file: a part's, where the tensor is encoded
  std::string file;          // as it can be opened
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::int64_t tensor_bytes = 0;  // of the whole stored tensor
};

/// The ranges that the values of `root` follow from, in the order of the sources, their files and
/// offsets. Where an op reads its inputs in an order of its own they count as read whole.
std::vector<SourceRange> source_ranges(const BoundRecipe& bound, const Graph& graph, NodeId root);

}  // namespace inarch
