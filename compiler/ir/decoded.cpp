#include "compiler/ir/decoded.h"

#include <utility>

namespace inarch {

NodeId add_decoded(Graph& graph, const Decoding& decoding, std::vector<NodeId> parts, DType dtype,
                   const Shape& shape, Span origin) {
  const Encoding& encoding = *decoding.encoding;
  Node values;
  values.data = DecodeOp{decoding.encoding, decoding.name};
  values.inputs = std::move(parts);
  values.dtype = dtype;
  values.shape = decoding.transposed ? Shape{encoding.count()} : shape;
  values.origin = origin;
  const NodeId decoded = graph.add(std::move(values));
  if (!decoding.transposed) return decoded;
  Node turned;
  const std::int64_t rows = encoding.rows, columns = encoding.columns;
  turned.data = ViewOp{0, {{encoding.matrices, rows * columns}, {columns, 1}, {rows, columns}}};
  turned.inputs = {decoded};
  turned.dtype = dtype;
  turned.shape = shape;
  turned.origin = origin;
  return graph.add(std::move(turned));
}

NodeId add_source_values(Graph& graph, const Checkpoint& checkpoint, SourceTensor leaf,
                         Span origin) {
  const TensorInfo& tensor = checkpoint.tensors[leaf.tensor];
  const EncodedTensor& encoded = checkpoint.encoded[static_cast<std::size_t>(tensor.encoded)];
  std::vector<NodeId> parts;
  parts.reserve(encoded.parts.size());
  for (std::size_t k = 0; k < encoded.parts.size(); ++k) {
    Node part;
    part.data = SourceTensor{leaf.source, leaf.tensor, static_cast<std::int32_t>(k)};
    part.dtype = encoded.parts[k].dtype;
    part.shape = encoded.parts[k].shape;
    part.origin = origin;
    parts.push_back(graph.add(std::move(part)));
  }
  const NodeId node = add_decoded(graph, {encoded.encoding, encoded.transposed, tensor.name},
                                  std::move(parts), tensor.dtype, tensor.shape, origin);
  graph.encoded_values.emplace_back(node, leaf);
  return node;
}

Storage storage_of(const Graph& graph, const Checkpoint& checkpoint, SourceTensor leaf,
                   NodeId values) {
  const TensorInfo& tensor = checkpoint.tensors[leaf.tensor];
  const EncodedTensor& encoded = checkpoint.encoded[static_cast<std::size_t>(tensor.encoded)];
  const Node& top = graph[values];
  const Node& decode = encoded.transposed ? graph[top.inputs[0]] : top;
  Storage storage;
  storage.encoding = encoded.encoding;
  storage.ending = encoded.ending;
  storage.transposed = encoded.transposed;
  storage.source = static_cast<std::int32_t>(leaf.source);
  for (std::size_t k = 0; k < encoded.parts.size(); ++k) {
    const TensorInfo& part = encoded.parts[k];
    storage.parts.push_back(
        {part.name.substr(encoded.stem), part.dtype, part.shape, decode.inputs[k]});
  }
  return storage;
}

std::string part_name(const Output& output, const Storage& storage, const Storage::Part& part) {
  return output.name.substr(0, output.name.size() - storage.ending.size()) + part.ending;
}

}  // namespace inarch
