#include <algorithm>
#include <cmath>

#include "runtime/kernels/low_rank_parts.h"
#include "runtime/kernels/squares.h"

namespace inarch {

namespace {

constexpr std::int64_t tile = 256;  // rows and columns of W − AB at a time

/// Norms of the columns (rows) that hold X · S: the singular values.
void measure_norms(const LowRankTask& task, std::int64_t k, std::span<double> norms) {
  const LowRankShape& shape = task.shape;
  std::fill(norms.begin(), norms.end(), 0.0);
  for (std::int64_t i = 0; shape.transposed && i < k; ++i) {
    norms[static_cast<std::size_t>(i)] = sum_of_squares(task.b + i * shape.columns, shape.columns);
  }
  for (std::int64_t i = 0; !shape.transposed && i < shape.rows; ++i) {
    const float* const row = task.a + i * shape.rank;
    for (std::int64_t j = 0; j < k; ++j) {
      norms[static_cast<std::size_t>(j)] +=
          static_cast<double>(row[j]) * static_cast<double>(row[j]);
    }
  }
  for (double& norm : norms) norm = std::sqrt(norm);
}

/// The first of the greatest entries of each column of A, with its sign.
void find_greatest(const LowRankTask& task, std::int64_t k, std::span<double> best) {
  std::fill(best.begin(), best.end(), 0.0);
  for (std::int64_t i = 0; i < task.shape.rows; ++i) {
    const float* const row = task.a + i * task.shape.rank;
    for (std::int64_t j = 0; j < k; ++j) {
      double& most = best[static_cast<std::size_t>(j)];
      const double value = static_cast<double>(row[j]);
      most = std::fabs(value) > std::fabs(most) ? value : most;
    }
  }
}

/// What the columns of A and the rows of B are to be multiplied by, given their norms (of X · S in
/// one, 1 in the other), so that theirs are as the split says.
struct Share {
  double a = 0, b = 0;
};
Share share_of(FactorSplit split, bool transposed, double norm, double unit) {
  if (norm == 0) return {};
  const double sigma = norm * unit;
  const double a = split == FactorSplit::both   ? std::sqrt(sigma)
                   : split == FactorSplit::left ? sigma
                                                : 1.0;
  const double b = sigma / a;
  return transposed ? Share{a, b / norm} : Share{a / norm, b};
}

void scale_row_of_b(float* row, std::int64_t n, double factor, std::span<const double> scale) {
  for (std::int64_t j = 0; j < n; ++j) {
    const double by = scale.empty() ? factor : factor / scale[static_cast<std::size_t>(j)];
    row[j] = static_cast<float>(static_cast<double>(row[j]) * by);
  }
}

}  // namespace

ResidualBuffers residual_buffers(const LowRankShape& shape, ScratchPieces& pieces) {
  const std::int64_t rows = std::min(tile, shape.rows);
  const std::int64_t columns = std::min(tile, shape.columns);
  ResidualBuffers buffers;
  buffers.norms = pieces.take<double>(shape.rank);
  buffers.best = pieces.take<double>(shape.rank);
  buffers.a = pieces.take<double>(rows * shape.rank);
  buffers.b = pieces.take<double>(shape.rank * columns);
  buffers.errors = pieces.take<double>(rows * columns);
  return buffers;
}

void finish_factors(const LowRankTask& task, std::int64_t components, double unit,
                    std::span<const double> scale, const ResidualBuffers& buffers) {
  const LowRankShape& shape = task.shape;
  const std::span<double> norms = buffers.norms, factors = buffers.best;
  measure_norms(task, components, norms);
  find_greatest(task, components, factors);
  for (std::int64_t i = 0; i < shape.rank; ++i) {
    const std::size_t at = static_cast<std::size_t>(i);
    float* const row = task.b + i * shape.columns;
    if (i >= components || norms[at] == 0) {
      std::fill_n(row, shape.columns, 0.0F);
      factors[at] = norms[at] = 0;
      continue;
    }
    const Share share = share_of(task.problem.split, shape.transposed, norms[at], unit);
    const double sign = factors[at] < 0 ? -1 : 1;
    scale_row_of_b(row, shape.columns, sign * share.b, scale);
    factors[at] = sign * share.a;
    norms[at] *= unit;
    // Rounding may have turned round what is equal.
    if (i > 0) norms[at] = std::min(norms[at], norms[at - 1]);
  }
  for (std::int64_t i = 0; i < shape.rows; ++i) {
    float* const row = task.a + i * shape.rank;
    for (std::int64_t j = 0; j < shape.rank; ++j) {
      const double factor = factors[static_cast<std::size_t>(j)];
      row[j] = factor == 0 ? 0.0F : static_cast<float>(static_cast<double>(row[j]) * factor);
    }
  }
}

Residual residual_of(const LowRankShape& shape, const float* w, double unit,
                     std::span<const double> scale, const float* a, const float* b,
                     const ResidualBuffers& buffers) {
  const std::int64_t rank = shape.rank;
  Residual sum;
  for (std::int64_t left = 0; left < shape.columns; left += tile) {
    const std::int64_t width = std::min(tile, shape.columns - left);
    for (std::int64_t i = 0; i < rank; ++i) {
      std::copy_n(b + i * shape.columns + left, width, buffers.b.data() + i * width);
    }
    for (std::int64_t top = 0; top < shape.rows; top += tile) {
      const std::int64_t height = std::min(tile, shape.rows - top);
      std::copy_n(a + top * rank, height * rank, buffers.a.data());
      double* const errors = buffers.errors.data();
      for (std::int64_t i = 0; i < height; ++i) {
        const float* const row = w + (top + i) * shape.columns + left;
        for (std::int64_t j = 0; j < width; ++j) {
          const double s = scale.empty() ? 1.0 : scale[static_cast<std::size_t>(left + j)];
          errors[i * width + j] = static_cast<double>(row[j]) * unit / s;
        }
      }
      multiply(height, width, rank, {buffers.a.data(), rank}, {buffers.b.data(), width},
               ProductMode::subtract, errors, width);
      sum.plain += sum_of_squares(errors, height * width);
      for (std::int64_t i = 0; !scale.empty() && i < height; ++i) {
        for (std::int64_t j = 0; j < width; ++j) {
          errors[i * width + j] *= scale[static_cast<std::size_t>(left + j)];
        }
      }
      sum.weighted += sum_of_squares(errors, height * width);
    }
  }
  return sum;
}

}  // namespace inarch
