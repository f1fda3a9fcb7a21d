#pragma once

#include <string>

#include "compiler/core/catalog.h"
#include "compiler/ir/graph.h"
#include "compiler/recipe/encoding_spec.h"

namespace inarch {

/// Outputs that are encoded here: their parts are EncodeOps over the node of the values.

/// The values of one output.
struct ToEncode {
  NodeId values = 0;
  std::string name;          // ends in ".weight"
  DType dtype = DType::f32;  // what they are decoded to
  Shape shape;               // of a matrix, not empty
  Span origin;
};

/// Whether rows of such a matrix can be encoded so: those of MXFP4 consist of groups.
bool can_encode(const EncodingSpec& spec, const Shape& shape);

/// How it is stored. Only where can_encode().
Storage add_encoded(Graph& graph, const EncodingSpec& spec, const ToEncode& tensor);

/// True when a tensor of a source is stored in just this way, so that encoding it again could only
/// lose.
bool is_stored_as(const EncodedTensor& tensor, const EncodingSpec& spec);

}  // namespace inarch
