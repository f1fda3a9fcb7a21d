#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "compiler/support/result.h"
#include "runtime/forward/decoder_tensors.h"
#include "runtime/forward/forward_options.h"
#include "runtime/forward/matrix_rows.h"
#include "runtime/forward/workers.h"

namespace inarch {

/// A linear map, ready to be applied: y = x · Wᵀ (+ b).
struct LinearMap {
  MatrixRows weight;
  std::vector<float> bias;  ///< empty: none

  static Result<LinearMap> open(WeightFiles& files, const LinearPlace& place);
};

/// One of several maps that are applied at once: x[m, columns] to y[m, rows], with the distances
/// between rows as they lie.
struct LinearWork {
  const LinearMap* map;
  const float* x;
  std::int64_t x_stride;
  float* y;
  std::int64_t y_stride;
};

/// Rows of a matrix of so many columns that are read, decoded and used at a time. It depends on the
/// shape alone, and so do the sums of the products.
std::int64_t rows_at_a_time(std::int64_t rows, std::int64_t columns);

/// Applies maps to `m` rows each, with their matrices read block by block, one block a task.
Status apply_linear(WeightFiles& files, Workers& workers, std::int64_t m,
                    std::span<const LinearWork> work, Rounding rounding);

/// y[m, count] = x · W[first, first + count)ᵀ (+ b), on the calling thread, rounded.
Status apply_block(WeightFiles& files, const LinearMap& map, std::int64_t first, std::int64_t count,
                   std::int64_t m, const float* x, std::int64_t x_stride, Rounding rounding,
                   WorkerBuffers& buffers, float* y, std::int64_t y_stride);

}  // namespace inarch
