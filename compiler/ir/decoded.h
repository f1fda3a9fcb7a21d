#pragma once

#include <memory>
#include <string>
#include <vector>

#include "compiler/core/catalog.h"
#include "compiler/ir/graph.h"

namespace inarch {

/// Encoded tensors in the graph: their parts are leaves, a DecodeOp makes values of them.

/// What a DecodeOp is made of.
struct Decoding {
  std::shared_ptr<const Encoding> encoding;
  bool transposed = false;
};

/// A part as a DecodeOp takes it: `stored`, but where bytes lie as numbers of another dtype, bytes.
/// `data` says where it lies.
Node part_to_decode(const Encoding& encoding, std::size_t part, NodeData data, DType stored,
                    const Shape& shape);

/// The values, with the shape and dtype of the tensor, from nodes that are its parts as stored.
NodeId add_decoded(Graph& graph, const Decoding& decoding, std::vector<NodeId> parts, DType dtype,
                   const Shape& shape, Span origin);

/// The values of an encoded tensor of a source; noted in Graph::encoded_values.
NodeId add_source_values(Graph& graph, const Checkpoint& checkpoint, SourceTensor leaf,
                         Span origin);

/// How an output is stored that stays as its source has it. `values` is what add_source_values()
/// gave; leaves are added where a part is stored as another dtype than it is decoded from.
Storage storage_of(Graph& graph, const Checkpoint& checkpoint, SourceTensor leaf, NodeId values);

/// The name of one part of an output that is stored so.
std::string part_name(const Output& output, const Storage& storage, const Storage::Part& part);

}  // namespace inarch
