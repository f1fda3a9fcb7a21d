#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/core/dtype.h"

namespace inarch {

/// The operations that graphs and plans share. Each yields a flat row-major sequence of elements
/// from the flat sequences of its inputs; shapes and axis names are the graph's business, not
/// theirs.

/// One value everywhere.
struct FillOp {
  double value = 0;
};
enum class Distribution : std::uint8_t { normal, uniform };
/// Counter-based random numbers: element i depends on seed, key and i alone.
struct RandomOp {
  Distribution distribution = Distribution::normal;
  double a = 0;  // mean, or the lower bound
  double b = 1;  // standard deviation, or the upper bound
  std::uint64_t seed = 0;
  std::string key;  // the output tensor's name
};
/// Ones on the main diagonal of [rows, columns].
struct IdentityOp {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
};
struct ViewDim {
  std::int64_t size = 0;
  std::int64_t stride = 0;  // in elements of the input; 0 repeats, negative reverses
  friend bool operator==(const ViewDim&, const ViewDim&) = default;
};
/// A strided gather: the result runs over dims in row-major order; element (k…) is input element
/// offset + Σ k_d · stride_d. Covers slices, tiles, transpositions, reversals, broadcasts.
struct ViewOp {
  std::int64_t offset = 0;
  std::vector<ViewDim> dims;
};
/// Interleaves blocks: for each of `outer` rows, blocks[0] elements of input 0, then blocks[1] of
/// input 1, … (input k has outer · blocks[k] elements).
struct ConcatOp {
  std::int64_t outer = 1;
  std::vector<std::int64_t> blocks;
};
/// Rows by number: input is [outer, axis, inner], the result [outer, indices.size(), inner].
struct TakeOp {
  std::int64_t outer = 1;
  std::int64_t axis = 0;
  std::int64_t inner = 1;
  std::vector<std::int64_t> indices;
};
/// Σ weights[k] · input k + bias, elementwise, in the order of the inputs.
struct LinearOp {
  std::vector<double> weights;
  double bias = 0;
};
/// Product of the inputs, elementwise, in their order.
struct ProductOp {};
struct ClampOp {
  double low = 0;
  double high = 0;
};
/// Rounds every value to what `dtype` can hold (nearest, ties to even).
struct RoundOp {
  DType dtype = DType::bf16;
};
/// Mean over the middle of [outer, axis, inner]; result [outer, inner]. f64 sums over a fixed tree.
/// Materialised: computed once, before the tiles of its step.
struct MeanOp {
  std::int64_t outer = 1;
  std::int64_t axis = 0;
  std::int64_t inner = 1;
};
/// [m, k] × [k, n]. The right operand is materialised, the left is taken in blocks of rows.
struct MatmulOp {
  std::int64_t m = 0;
  std::int64_t k = 0;
  std::int64_t n = 0;
};

}  // namespace inarch
