#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/core/boxed.h"
#include "compiler/core/dtype.h"
#include "compiler/core/encoding.h"
#include "compiler/core/merge.h"

namespace inarch {

/// The operations that graphs and plans share. Each yields a flat row-major sequence of elements
/// from the flat sequences of its inputs; shapes and axis names are the graph's business, not
/// theirs.

/// One value everywhere.
struct FillOp {
  double value = 0;
  friend bool operator==(const FillOp&, const FillOp&) = default;
};
enum class Distribution : std::uint8_t { normal, uniform };
/// Counter-based random numbers: element i depends on seed, key and i alone.
struct RandomOp {
  Distribution distribution = Distribution::normal;
  double a = 0;  // mean, or the lower bound
  double b = 1;  // standard deviation, or the upper bound
  std::uint64_t seed = 0;
  std::string key;  // the output tensor's name
  friend bool operator==(const RandomOp&, const RandomOp&) = default;
};
/// Ones on the main diagonal of [rows, columns].
struct IdentityOp {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  friend bool operator==(const IdentityOp&, const IdentityOp&) = default;
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
  friend bool operator==(const ViewOp&, const ViewOp&) = default;
};
/// Interleaves blocks: for each of `outer` rows, blocks[0] elements of input 0, then blocks[1] of
/// input 1, … (input k has outer · blocks[k] elements).
struct ConcatOp {
  std::int64_t outer = 1;
  std::vector<std::int64_t> blocks;
  friend bool operator==(const ConcatOp&, const ConcatOp&) = default;
};
/// Rows by number: input is [outer, axis, inner], the result [outer, indices.size(), inner].
struct TakeOp {
  std::int64_t outer = 1;
  std::int64_t axis = 0;
  std::int64_t inner = 1;
  std::vector<std::int64_t> indices;
  friend bool operator==(const TakeOp&, const TakeOp&) = default;
};
/// Σ weights[k] · input k + bias, elementwise, in the order of the inputs.
struct LinearOp {
  std::vector<double> weights;
  double bias = 0;
  friend bool operator==(const LinearOp&, const LinearOp&) = default;
};
/// Product of the inputs, elementwise, in their order.
struct ProductOp {
  friend bool operator==(const ProductOp&, const ProductOp&) = default;
};
/// First input / second input, elementwise.
struct QuotientOp {
  friend bool operator==(const QuotientOp&, const QuotientOp&) = default;
};
/// Its input, all of it computed once and remembered, for several ops that each go through it.
/// Materialised.
struct HoldOp {
  friend bool operator==(const HoldOp&, const HoldOp&) = default;
};
enum class MapFunction : std::uint8_t { abs, sign, sqrt, exp, log };
/// A function of each element. `sign` is -1, 0 or 1; NaN stays NaN.
struct MapOp {
  MapFunction function = MapFunction::abs;
  friend bool operator==(const MapOp&, const MapOp&) = default;
};
struct ClampOp {
  double low = 0;
  double high = 0;
  friend bool operator==(const ClampOp&, const ClampOp&) = default;
};
/// Rounds every value to what `dtype` can hold (nearest, ties to even).
struct RoundOp {
  DType dtype = DType::bf16;
  friend bool operator==(const RoundOp&, const RoundOp&) = default;
};
enum class Reduction : std::uint8_t { sum, mean, norm, max, min, max_abs };
/// A reduction over the middle of [outer, axis, inner]; result [outer, inner]. In f64, over a fixed
/// tree, rounded once; `norm` is √Σx². Materialised: computed once, before the tiles of its step.
struct ReduceOp {
  Reduction reduction = Reduction::mean;
  std::int64_t outer = 1;
  std::int64_t axis = 0;
  std::int64_t inner = 1;
  friend bool operator==(const ReduceOp&, const ReduceOp&) = default;
};
/// In each of `groups` runs of `size` elements the `keep` largest magnitudes stay what they are (or
/// become 1), all others become 0; of equal magnitudes those that come first stay, and NaN counts
/// as larger than infinity. Each group's threshold is materialised.
struct LargestOp {
  std::int64_t groups = 1;
  std::int64_t size = 0;
  std::int64_t keep = 0;
  bool as_mask = false;
  friend bool operator==(const LargestOp&, const LargestOp&) = default;
};
/// [m, k] × [k, n]. The right operand is materialised, the left is taken in blocks of rows.
struct MatmulOp {
  std::int64_t m = 0;
  std::int64_t k = 0;
  std::int64_t n = 0;
  friend bool operator==(const MatmulOp&, const MatmulOp&) = default;
};

/// The values of an encoded tensor. Input k is its part encoding->parts[k] as stored, and nothing
/// but a read. All parts but the codes are materialised.
struct DecodeOp {
  std::shared_ptr<const Encoding> encoding;
  std::string name;  // of the tensor, for messages
  friend bool operator==(const DecodeOp& a, const DecodeOp& b) {
    return *a.encoding == *b.encoding && a.name == b.name;
  }
};
/// One stored part of its input's values, encoded, in the dtype that the part is stored as: nothing
/// but the last op of a program. What the scales are made of is materialised.
struct EncodeOp {
  std::shared_ptr<const Encoding> encoding;
  PartRole part = PartRole::codes;
  std::string name;  // of the tensor, for messages
  friend bool operator==(const EncodeOp& a, const EncodeOp& b) {
    return *a.encoding == *b.encoding && a.part == b.part && a.name == b.name;
  }
};
/// Where the singular values go: their roots into both factors, or all into one.
enum class FactorSplit : std::uint8_t { both, left, right };
/// [rows, columns] ≈ A · B: the result is A [rows, rank] and then B [rank, columns], the best of
/// that rank, or nearly (kernels/low_rank.h). With a second input, the second moments [columns] of
/// what the matrix is applied to, it is the error of the product that is least. Materialised.
struct LowRankOp {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::int64_t rank = 0;
  std::int64_t oversampling = -1;  // -1: as many as it takes
  std::int64_t power_iterations = -1;
  bool exact = false;
  /// Where either is above 0, `rank` is the most there may be, and how many it takes is still to be
  /// measured: the least rank that keeps this share of ‖W‖², or that leaves this relative error.
  double energy = 0;
  double error = 0;
  FactorSplit split = FactorSplit::both;
  std::uint64_t seed = 0;
  std::string key;  // of random numbers: the output tensor's name

  bool is_open() const { return energy > 0 || error > 0; }
  friend bool operator==(const LowRankOp&, const LowRankOp&) = default;
};

std::string_view name(FactorSplit split);
std::optional<FactorSplit> factor_split_named(std::string_view name);
std::string_view name(MapFunction function);
std::string_view name(Reduction reduction);
std::optional<MapFunction> map_function_named(std::string_view name);
std::optional<Reduction> reduction_named(std::string_view name);

}  // namespace inarch
