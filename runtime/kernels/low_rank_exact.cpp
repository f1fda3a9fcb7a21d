#include <algorithm>

#include "runtime/kernels/low_rank_parts.h"

namespace inarch {

namespace {

/// Rows [first, first + count) of X in f64.
MatrixView<double> load_rows(const LowRankTask& task, std::int64_t first, std::int64_t count,
                             std::span<double> to) {
  const LowRankShape& shape = task.shape;
  if (!shape.transposed) {
    std::copy_n(task.w + first * shape.columns, count * shape.columns, to.data());
    return {to.data(), shape.columns, false};
  }
  for (std::int64_t i = 0; i < shape.rows; ++i) {
    std::copy_n(task.w + i * shape.columns + first, count, to.data() + i * count);
  }
  return {to.data(), count, true};
}

/// Rows of X times the eigenvectors, which are rows of the Gram matrix's place.
void write_product(const LowRankTask& task, std::int64_t first, std::int64_t count, std::int64_t k,
                   MatrixView<double> x, const ExactBuffers& buffers) {
  const LowRankShape& shape = task.shape;
  double* const out = buffers.out.data();
  const auto narrow = [](double value) { return static_cast<float>(value); };
  if (!shape.transposed) {
    multiply(count, k, shape.wide, x, {buffers.gram.data(), shape.wide, true}, ProductMode::set,
             out, k);
    for (std::int64_t i = 0; i < count; ++i) {
      std::transform(out + i * k, out + (i + 1) * k, task.a + (first + i) * shape.rank, narrow);
    }
    return;
  }
  multiply(k, count, shape.wide, {buffers.gram.data(), shape.wide, false},
           {x.data, x.stride, !x.transposed}, ProductMode::set, out, count);
  for (std::int64_t i = 0; i < k; ++i) {
    std::transform(out + i * count, out + (i + 1) * count, task.b + i * shape.columns + first,
                   narrow);
  }
}

void write_vectors(const LowRankTask& task, std::int64_t k, const double* vectors) {
  const LowRankShape& shape = task.shape;
  for (std::int64_t i = 0; i < k; ++i) {
    for (std::int64_t j = 0; j < shape.wide; ++j) {
      const float value = static_cast<float>(vectors[i * shape.wide + j]);
      (shape.transposed ? task.a[j * shape.rank + i] : task.b[i * shape.columns + j]) = value;
    }
  }
}

}  // namespace

ExactBuffers exact_buffers(const LowRankShape& shape, ScratchPieces& pieces) {
  const std::int64_t count = std::min(f64_rows, shape.tall);
  ExactBuffers buffers;
  buffers.gram = pieces.take<double>(shape.wide * shape.wide);
  buffers.values = pieces.take<double>(shape.wide);
  buffers.rows = pieces.take<double>(count * shape.wide);
  buffers.out = pieces.take<double>(count * std::min(shape.rank, shape.wide));
  buffers.eigen.reals = pieces.take<double>(eigen_reals(shape.wide));
  buffers.eigen.integers = pieces.take<std::int32_t>(eigen_integers(shape.wide));
  return buffers;
}

Projection project_exactly(const LowRankTask& task, const ExactBuffers& buffers) {
  const LowRankShape& shape = task.shape;
  const auto for_portions = [&](const auto& body) {
    for (std::int64_t at = 0; at < shape.tall; at += f64_rows) {
      const std::int64_t count = std::min(f64_rows, shape.tall - at);
      body(at, count, load_rows(task, at, count, buffers.rows));
    }
  };
  std::fill(buffers.gram.begin(), buffers.gram.end(), 0.0);
  for_portions([&](std::int64_t, std::int64_t count, MatrixView<double> x) {
    add_gram(count, shape.wide, x, buffers.gram.data());
  });
  Projection result;
  result.converged =
      symmetric_eigen(shape.wide, true, buffers.gram.data(), buffers.values.data(), buffers.eigen);
  if (!result.converged) return result;
  result.components = std::min(shape.rank, shape.wide);
  for_portions([&](std::int64_t at, std::int64_t count, MatrixView<double> x) {
    write_product(task, at, count, result.components, x, buffers);
  });
  write_vectors(task, result.components, buffers.gram.data());
  return result;
}

}  // namespace inarch
