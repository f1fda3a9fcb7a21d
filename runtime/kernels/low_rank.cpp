#include "runtime/kernels/low_rank.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

#include "runtime/kernels/low_rank_parts.h"
#include "runtime/kernels/squares.h"

namespace inarch {

namespace {

// Up to this many rows or columns the exact factors take about as long as a sketch.
constexpr std::int64_t exact_up_to = 160;
// A matrix of fewer blocks than this is factored exactly in less time than it takes a Krylov space
// to come close.
constexpr std::int64_t least_blocks = 8;
// Magnitudes with room for the squares and sums of any matrix on either side, in f32.
constexpr int most_exponent = 40;
// Below this share of ‖W‖² a difference of squares has lost too many digits.
constexpr double small_error = 0.01;

std::int64_t block_width(const LowRankProblem& problem) {
  if (problem.oversampling >= 0) return problem.rank + problem.oversampling;
  // Products are fastest on whole vectors, and pay for a pass over W from some width on.
  return std::max<std::int64_t>(32, (problem.rank + 15) / 16 * 16);
}

struct AllBuffers {
  std::span<double> scale;
  ExactBuffers exact;
  KrylovBuffers krylov;
  ResidualBuffers residual;
};

AllBuffers all_buffers(const LowRankProblem& problem, const LowRankShape& shape,
                       ScratchPieces& pieces) {
  AllBuffers buffers;
  if (!problem.column_scale.empty()) buffers.scale = pieces.take<double>(shape.columns);
  buffers.residual = residual_buffers(shape, pieces);
  if (shape.exact) {
    buffers.exact = exact_buffers(shape, pieces);
  } else {
    buffers.krylov = krylov_buffers(shape, pieces);
  }
  return buffers;
}

/// s_j of second moments, or none where all are zero. False where they are no second moments.
bool scale_from_moments(const LowRankProblem& problem, std::span<double>& scale) {
  double sum = 0;
  for (const float moment : problem.column_scale) {
    if (!(moment >= 0) || !std::isfinite(moment)) return false;
    sum += static_cast<double>(moment);
  }
  if (sum == 0) {
    scale = {};
    return true;
  }
  const double added = problem.damping * sum / static_cast<double>(problem.columns);
  for (std::size_t j = 0; j < scale.size(); ++j) {
    scale[j] = std::sqrt(static_cast<double>(problem.column_scale[j]) + added);
  }
  // Without damping a channel may have no weight at all; it must still be divided by.
  const double most = *std::max_element(scale.begin(), scale.end());
  for (double& s : scale) s = std::max(s, 1e-12 * most);
  return true;
}

/// The power of two by which magnitudes up to `most` are to be divided, 1 for ordinary ones.
double unit_for(double most) {
  const int exponent = std::ilogb(most);
  return std::abs(exponent) <= most_exponent ? 1.0 : std::ldexp(1.0, exponent);
}

/// W · diag(scale) / unit, in place.
void scale_columns(const LowRankShape& shape, std::span<const double> scale, double unit,
                   float* w) {
  for (std::int64_t i = 0; i < shape.rows; ++i) {
    float* const row = w + i * shape.columns;
    for (std::int64_t j = 0; j < shape.columns; ++j) {
      const double s = scale.empty() ? 1.0 : scale[static_cast<std::size_t>(j)];
      row[j] = static_cast<float>(static_cast<double>(row[j]) * s / unit);
    }
  }
}

bool any_infinite(const float* values, std::int64_t n) {
  return std::isinf(survey(values, n).most);
}

void write_zeros(const LowRankProblem& problem, float* a, float* b,
                 std::span<double> singular_values) {
  std::fill_n(a, problem.rows * problem.rank, 0.0F);
  std::fill_n(b, problem.rank * problem.columns, 0.0F);
  std::fill(singular_values.begin(), singular_values.end(), 0.0);
}

LowRankResult with_fault(LowRankFault fault) {
  LowRankResult result;
  result.fault = fault;
  return result;
}

/// The errors, from the squares of the singular values (in buffers.norms) where that is precise.
void set_errors(const LowRankTask& task, double unit, std::span<const double> scale,
                const ResidualBuffers& buffers, LowRankResult& result) {
  const double whole = result.weighted_squared_norm;
  const double rest = whole - sum_of_squares(buffers.norms.data(), task.shape.rank);
  if (scale.empty() && rest >= small_error * whole) {
    result.squared_error = result.weighted_squared_error = rest;
    return;
  }
  const Residual residual = residual_of(task.shape, task.w, unit, scale, task.a, task.b, buffers);
  result.squared_error = residual.plain;
  result.weighted_squared_error = residual.weighted;
}

/// The rest, once W is scaled.
void factor_scaled(const LowRankTask& task, double unit, const AllBuffers& buffers,
                   std::span<double> singular_values, LowRankResult& result) {
  const LowRankShape& shape = task.shape;
  const Projection found =
      shape.exact ? project_exactly(task, buffers.exact) : project_on_krylov(task, buffers.krylov);
  if (!found.converged) {
    result.fault = LowRankFault::not_converged;
    return;
  }
  finish_factors(task, found.components, unit, buffers.scale, buffers.residual);
  if (any_infinite(task.a, shape.rows * shape.rank) ||
      any_infinite(task.b, shape.rank * shape.columns)) {
    result.fault = LowRankFault::too_large;
    return;
  }
  const std::span<const double> norms = buffers.residual.norms;
  result.components = std::count_if(norms.begin(), norms.end(), [](double s) { return s > 0; });
  result.power_iterations = std::max(0, found.steps - 1);
  for (std::size_t i = 0; i < singular_values.size(); ++i) {
    singular_values[i] = i < norms.size() ? norms[i] : 0.0;
  }
  set_errors(task, unit, buffers.scale, buffers.residual, result);
}

}  // namespace

ScratchPieces::ScratchPieces(std::span<std::byte> memory) {
  const auto address = reinterpret_cast<std::uintptr_t>(memory.data());
  const auto skip = (0 - address) % static_cast<std::uintptr_t>(alignment);
  base_ = memory.data() + skip;
  size_ = static_cast<std::int64_t>(memory.size()) - static_cast<std::int64_t>(skip);
}

std::byte* ScratchPieces::advance(std::int64_t bytes) {
  std::byte* const at = base_ == nullptr ? nullptr : base_ + used_;
  used_ += (bytes + alignment - 1) / alignment * alignment;
  assert(base_ == nullptr || used_ <= size_);
  return at;
}

LowRankShape shape_of(const LowRankProblem& problem) {
  LowRankShape shape;
  shape.rows = problem.rows;
  shape.columns = problem.columns;
  shape.rank = problem.rank;
  shape.transposed = problem.rows < problem.columns;
  shape.tall = std::max(problem.rows, problem.columns);
  shape.wide = std::min(problem.rows, problem.columns);
  shape.block = block_width(problem);
  shape.until_close = problem.power_iterations < 0;
  const std::int64_t wanted =
      1 + (shape.until_close ? max_power_iterations : problem.power_iterations);
  const std::int64_t blocks = shape.wide / shape.block;
  const std::int64_t steps = std::min(wanted, blocks);
  shape.exact = problem.exact || shape.wide <= exact_up_to ||
                blocks < (shape.until_close ? least_blocks : wanted);
  shape.steps = static_cast<int>(steps);
  shape.basis = shape.block * steps;
  return shape;
}

std::int64_t low_rank_scratch_bytes(const LowRankProblem& problem) {
  ScratchPieces pieces;
  all_buffers(problem, shape_of(problem), pieces);
  return pieces.bytes();
}

LowRankResult low_rank(const LowRankProblem& problem, float* w, float* a, float* b,
                       std::span<double> singular_values, std::span<std::byte> scratch) {
  assert(problem.column_scale.empty() ||
         static_cast<std::int64_t>(problem.column_scale.size()) == problem.columns);
  const LowRankShape shape = shape_of(problem);
  ScratchPieces pieces(scratch);
  AllBuffers buffers = all_buffers(problem, shape, pieces);
  const std::int64_t size = problem.rows * problem.columns;
  const Magnitudes plain = survey(w, size);
  if (std::isinf(plain.most)) return with_fault(LowRankFault::not_finite);
  if (!scale_from_moments(problem, buffers.scale)) return with_fault(LowRankFault::bad_scale);
  LowRankResult result;
  result.exact = shape.exact;
  result.squared_norm = result.weighted_squared_norm = plain.squares;
  if (plain.most == 0) {
    write_zeros(problem, a, b, singular_values);
    return result;
  }
  const std::span<const double> scale = buffers.scale;
  const double most_scale = scale.empty() ? 1.0 : *std::max_element(scale.begin(), scale.end());
  const double unit = unit_for(static_cast<double>(plain.most) * most_scale);
  const bool changed = unit != 1 || !scale.empty();
  if (changed) scale_columns(shape, scale, unit, w);
  const double squares = changed ? sum_of_squares(w, size) : plain.squares;
  result.weighted_squared_norm = squares * unit * unit;
  factor_scaled({problem, shape, w, squares, a, b}, unit, buffers, singular_values, result);
  return result;
}

std::int64_t rank_for_energy(std::span<const double> singular_values, double norm2, double energy) {
  const double wanted = energy * norm2;
  double sum = 0;
  std::int64_t rank = 0;
  for (const double sigma : singular_values) {
    if (sum >= wanted) break;
    sum += sigma * sigma;
    ++rank;
  }
  return rank;
}

std::int64_t rank_for_error(std::span<const double> singular_values, double norm2,
                            double relative) {
  return rank_for_energy(singular_values, norm2, 1 - relative * relative);
}

}  // namespace inarch
