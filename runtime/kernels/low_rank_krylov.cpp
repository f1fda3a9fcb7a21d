#include <algorithm>
#include <cmath>

#include "runtime/kernels/low_rank_parts.h"
#include "runtime/kernels/random.h"
#include "runtime/kernels/thin_product.h"

namespace inarch {

namespace {

// The squared error may be above the best by this share when the iteration stops: 1.0025².
constexpr double close_enough = 0.005;
constexpr double unknown_ratio = 0.5;  // of gains, where there is but one
// By which energies in f32 may be wrong: an error of this size is not known, and not close.
constexpr double f32_noise = 1e-6;

class KrylovSpace {
 public:
  KrylovSpace(const LowRankTask& task, const KrylovBuffers& buffers)
      : task_(task), shape_(task.shape), buffers_(buffers) {}

  Projection project() {
    std::fill(buffers_.gains.begin(), buffers_.gains.end(), 0.0);
    fill_normal(task_.problem.seed, task_.problem.key, 0, shape_.tall * shape_.block, 0.0, 1.0,
                buffers_.u.data());
    if (!append_backward(shape_.block)) return {};
    for (int step = 1;; ++step) {
      extend_products();
      if (last_ == 0 || step == shape_.steps) return write(step);
      if (shape_.until_close && !measure(step)) return {};
      if (close_) return write(step);
      const std::int64_t kept = normalise_products();
      if (kept < 0 || !append_backward(kept)) return {};
    }
  }

 private:
  /// The next block of v is Xᵀ · u[tall, count]; none is left of it where v spans X already.
  bool append_backward(std::int64_t count) {
    thin_product(shape_.wide, count, shape_.tall, {task_.w, shape_.columns, !shape_.transposed},
                 buffers_.u.data(), count, buffers_.z.data(), count);
    last_ = append_orthonormal(shape_, buffers_, have_, count);
    return last_ >= 0;
  }

  /// y and its Gram matrix, for the newest block of v.
  void extend_products() {
    const std::int64_t basis = shape_.basis;
    // Rows of a power of two apart would share a few places of the cache.
    float* const block = buffers_.z.data();
    for (std::int64_t i = 0; i < shape_.wide; ++i) {
      std::copy_n(buffers_.v.data() + i * basis + have_, last_, block + i * last_);
    }
    thin_product(shape_.tall, last_, shape_.wide, {task_.w, shape_.columns, shape_.transposed},
                 block, last_, buffers_.y.data() + have_, basis);
    const std::int64_t total = have_ + last_;
    double* const gram = buffers_.gram.data() + have_;
    for (std::int64_t i = 0; i < total; ++i) std::fill_n(gram + i * basis, last_, 0.0);
    double* const rows = buffers_.rows.data();
    for (std::int64_t at = 0; at < shape_.tall; at += f64_rows) {
      const std::int64_t count = std::min(f64_rows, shape_.tall - at);
      for (std::int64_t i = 0; i < count; ++i) {
        std::copy_n(buffers_.y.data() + (at + i) * basis, total, rows + i * total);
      }
      multiply(total, last_, count, {rows, total, true}, {rows + have_, total}, ProductMode::add,
               gram, basis);
    }
    have_ = total;
  }

  /// Rows and columns from `first` on of the Gram matrix, to where they may be lost.
  void copy_gram(std::int64_t first) {
    const std::int64_t n = have_ - first;
    for (std::int64_t i = 0; i < n; ++i) {
      std::copy_n(buffers_.gram.data() + (first + i) * shape_.basis + first, n,
                  buffers_.matrix.data() + i * n);
    }
  }

  /// u spans the newest block of y, with its small directions as large as its great ones, so that
  /// they survive the rounding of the next product.
  std::int64_t normalise_products() {
    copy_gram(have_ - last_);
    double trace = 0;
    for (std::int64_t i = 0; i < last_; ++i) {
      trace += buffers_.matrix[static_cast<std::size_t>(i * last_ + i)];
    }
    const std::int64_t kept = whitening(last_, 1e-14 * trace, buffers_).kept;
    if (kept <= 0) return kept;
    multiply(shape_.tall, kept, last_, {buffers_.y.data() + (have_ - last_), shape_.basis},
             {buffers_.c.data(), kept}, ProductMode::set, buffers_.u.data(), kept);
    return kept;
  }

  /// Estimates what further steps would add to the energy of the first `rank` components: the gains
  /// of each fall geometrically, as its last two did. Each by itself, since the first gain of those
  /// that stand out, however large, says nothing of those that do not.
  bool measure(int step) {
    copy_gram(0);
    if (!symmetric_eigen(have_, false, buffers_.matrix.data(), buffers_.values.data(),
                         buffers_.eigen)) {
      return false;
    }
    double energy = 0, expected = 0;
    for (std::size_t i = 0; i < buffers_.before.size(); ++i) {
      const bool has = static_cast<std::int64_t>(i) < have_;
      const double value = has ? std::max(0.0, buffers_.values[i]) : 0.0;
      double& before = buffers_.before[i];
      double& last_gain = buffers_.gains[i];
      const double gain = step > 1 ? std::max(0.0, value - before) : 0.0;
      const double ratio = last_gain > 0 ? std::clamp(gain / last_gain, 0.1, 0.7) : unknown_ratio;
      expected += gain * ratio / (1 - ratio);
      energy += value;
      before = value;
      last_gain = gain;
    }
    const double error = task_.squared_norm * (1 - f32_noise) - energy;
    close_ = step > 1 && expected <= close_enough * error;
    return true;
  }

  /// X · v · P and v · P for the first eigenvectors P of the Gram matrix.
  Projection write(int steps) {
    copy_gram(0);
    if (!symmetric_eigen(have_, true, buffers_.matrix.data(), buffers_.values.data(),
                         buffers_.eigen)) {
      return {};
    }
    const std::int64_t k = std::min(shape_.rank, have_);
    for (std::int64_t i = 0; i < have_; ++i) {
      for (std::int64_t j = 0; j < k; ++j) {
        buffers_.c[static_cast<std::size_t>(i * k + j)] =
            static_cast<float>(buffers_.matrix[static_cast<std::size_t>(j * have_ + i)]);
      }
    }
    const float* const left = shape_.transposed ? buffers_.v.data() : buffers_.y.data();
    const float* const right = shape_.transposed ? buffers_.y.data() : buffers_.v.data();
    multiply(shape_.rows, k, have_, {left, shape_.basis}, {buffers_.c.data(), k}, ProductMode::set,
             task_.a, shape_.rank);
    multiply(k, shape_.columns, have_, {buffers_.c.data(), k, true}, {right, shape_.basis, true},
             ProductMode::set, task_.b, shape_.columns);
    return {true, k, steps};
  }

  const LowRankTask& task_;
  const LowRankShape& shape_;
  const KrylovBuffers& buffers_;
  std::int64_t have_ = 0;  // columns of v with products
  std::int64_t last_ = 0;  // of them, or about to be, in the newest block
  bool close_ = false;
};

}  // namespace

KrylovBuffers krylov_buffers(const LowRankShape& shape, ScratchPieces& pieces) {
  KrylovBuffers buffers;
  buffers.v = pieces.take<float>(shape.wide * shape.basis);
  buffers.y = pieces.take<float>(shape.tall * shape.basis);
  buffers.u = pieces.take<float>(shape.tall * shape.block);
  buffers.z = pieces.take<float>(shape.wide * shape.block);
  buffers.z2 = pieces.take<float>(shape.wide * shape.block);
  buffers.c = pieces.take<float>(shape.basis * std::max(shape.block, shape.rank));
  buffers.gram = pieces.take<double>(shape.basis * shape.basis);
  buffers.matrix = pieces.take<double>(shape.basis * shape.basis);
  buffers.values = pieces.take<double>(shape.basis);
  buffers.before = pieces.take<double>(shape.rank);
  buffers.gains = pieces.take<double>(shape.rank);
  buffers.rows = pieces.take<double>(f64_rows * shape.basis);
  buffers.eigen.reals = pieces.take<double>(eigen_reals(shape.basis));
  buffers.eigen.integers = pieces.take<std::int32_t>(eigen_integers(shape.basis));
  return buffers;
}

Projection project_on_krylov(const LowRankTask& task, const KrylovBuffers& buffers) {
  return KrylovSpace(task, buffers).project();
}

}  // namespace inarch
