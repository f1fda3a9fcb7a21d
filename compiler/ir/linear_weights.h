#pragma once

#include <string_view>

#include "compiler/core/dtype.h"
#include "compiler/core/shape.h"

namespace inarch {

/// True for what quantisers encode: a matrix of numbers called `….weight` whose name is not that of
/// an embedding, a head, a norm or a router.
bool is_linear_weight(std::string_view name, const Shape& shape, DType dtype);

/// True for a matrix of numbers called `….weight` that belongs to a linear layer all the same,
/// which quantisers leave alone: a head or a router.
bool is_spared_linear_weight(std::string_view name, const Shape& shape, DType dtype);

/// True for the name of a head.
bool is_head_weight(std::string_view name);

/// True for names of embeddings and heads: matrices with a row for each token.
bool is_vocabulary_weight(std::string_view name);

/// "model.layers.0.mlp.up_proj" of "model.layers.0.mlp.up_proj.weight"; "" for other names.
std::string_view module_of_weight(std::string_view name);

}  // namespace inarch
