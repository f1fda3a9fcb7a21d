#include "tests/unit/executor/random_program.h"

#include <algorithm>

namespace inarch {

namespace {

class Maker {
 public:
  Maker(std::mt19937_64& random, const std::vector<Op>& reads, const RandomProgramOptions& options)
      : random_(random), options_(options), program_(reads) {}

  Program make() {
    for (int i = 0; i < options_.ops; ++i) {
      const std::int64_t kind = pick(0, options_.compute ? 13 : 3);
      if (kind == 0) view();
      if (kind == 1) concat();
      if (kind == 2) take();
      if (kind == 3) add(FillOp{static_cast<double>(pick(-3, 3))}, {}, pick(1, 40));
      if (kind == 4) sum();
      if (kind == 5) clamp();
      if (kind == 9) times();
      if (kind == 6) reduce();
      if (kind == 7) product();
      if (kind == 8) identity();
      if (kind == 10) largest();
      if (kind == 11) map();
      if (kind == 12) quotient();
      if (kind == 13) hold();
    }
    // The result should be something that was made, not read.
    if (options_.compute) clamp();
    if (!options_.compute) view();
    return program_;
  }

 private:
  std::int64_t pick(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random_);
  }
  /// Late ops are more likely, so that chains grow.
  std::uint32_t any() {
    const auto last = static_cast<std::int64_t>(program_.size()) - 1;
    return static_cast<std::uint32_t>(std::max(pick(0, last), pick(0, last)));
  }
  std::int64_t count(std::uint32_t at) const { return program_[at].count; }
  void add(OpData data, std::vector<std::uint32_t> inputs, std::int64_t n) {
    program_.push_back({std::move(data), std::move(inputs), n});
  }
  /// A divisor of n.
  std::int64_t part(std::int64_t n) {
    std::vector<std::int64_t> divisors;
    for (std::int64_t d = 1; d <= n; ++d) {
      if (n % d == 0) divisors.push_back(d);
    }
    return divisors[static_cast<std::size_t>(
        pick(0, static_cast<std::int64_t>(divisors.size()) - 1))];
  }

  /// Dimensions of the input in a new order, some reversed, cut, thinned out or repeated.
  void view() {
    const std::uint32_t input = any();
    const std::int64_t a = part(count(input));
    const std::int64_t b = part(count(input) / a);
    const std::int64_t c = count(input) / a / b;
    std::vector<ViewDim> dims = {{a, b * c}, {b, c}, {c, 1}};
    std::int64_t offset = 0;
    for (ViewDim& dim : dims) {
      const std::int64_t style = pick(0, 5);
      if (style == 0 && dim.size > 1) {  // a slice
        const std::int64_t first = pick(0, dim.size - 1);
        dim.size = pick(1, dim.size - first);
        offset += first * dim.stride;
      } else if (style == 1) {  // reversed
        offset += (dim.size - 1) * dim.stride;
        dim.stride = -dim.stride;
      } else if (style == 2) {  // every third
        dim = {(dim.size + 2) / 3, 3 * dim.stride};
      }
    }
    if (pick(0, 3) == 0) dims.push_back({pick(1, 4), 0});
    std::shuffle(dims.begin(), dims.end(), random_);
    std::int64_t n = 1;
    for (const ViewDim& dim : dims) n *= dim.size;
    if (n <= options_.most_count) add(ViewOp{offset, dims}, {input}, n);
  }

  void concat() {
    const std::uint32_t first = any();
    ConcatOp op;
    op.outer = part(count(first));
    std::vector<std::uint32_t> inputs;
    std::int64_t n = 0;
    for (std::int64_t k = pick(1, 4); k > 0; --k) {
      const std::uint32_t input = inputs.empty() ? first : any();
      if (count(input) % op.outer != 0) continue;
      op.blocks.push_back(count(input) / op.outer);
      inputs.push_back(input);
      n += count(input);
    }
    if (n <= options_.most_count) add(op, inputs, n);
  }

  void take() {
    const std::uint32_t input = any();
    TakeOp op;
    op.outer = part(count(input));
    op.axis = part(count(input) / op.outer);
    op.inner = count(input) / op.outer / op.axis;
    for (std::int64_t k = pick(1, 12); k > 0; --k) {
      op.indices.push_back(pick(0, op.axis - 1));
      if (pick(0, 1) == 0 && op.indices.back() + 1 < op.axis) {
        op.indices.push_back(op.indices.back() + 1);
      }
    }
    const std::int64_t n = op.outer * static_cast<std::int64_t>(op.indices.size()) * op.inner;
    if (n <= options_.most_count) add(op, {input}, n);
  }

  void sum() {
    const std::uint32_t first = any();
    LinearOp op;
    std::vector<std::uint32_t> inputs;
    for (std::int64_t k = pick(0, 3); k > 0; --k) {
      const std::uint32_t input = inputs.empty() ? first : any();
      if (count(input) != count(first)) continue;
      inputs.push_back(input);
      op.weights.push_back(static_cast<double>(pick(-4, 4)) / 2);
    }
    op.bias = static_cast<double>(pick(-1, 1));
    add(op, inputs, count(first));
    clamp();
  }

  void times() {
    const std::uint32_t first = any();
    std::vector<std::uint32_t> inputs{first};
    for (std::int64_t k = pick(0, 1); k > 0; --k) {
      const std::uint32_t input = any();
      if (count(input) == count(first)) inputs.push_back(input);
    }
    if (pick(0, 1) == 0) inputs.push_back(first);
    add(ProductOp{}, inputs, count(first));
    clamp();
  }

  /// Keeps values small, so that no later sum is inexact.
  void clamp() {
    const auto last = static_cast<std::uint32_t>(program_.size() - 1);
    add(RoundOp{DType::bf16}, {last}, count(last));
    add(ClampOp{-8, 8}, {last + 1}, count(last));
  }

  void reduce() {
    const std::uint32_t input = any();
    const std::int64_t outer = part(count(input));
    std::int64_t axis = 1;  // a power of two, so that the division is exact
    while (axis < 64 && count(input) / outer % (2 * axis) == 0) axis *= 2;
    const std::int64_t inner = count(input) / outer / axis;
    const auto reduction = static_cast<Reduction>(pick(0, 5));
    add(ReduceOp{reduction, outer, axis, inner}, {input}, outer * inner);
    clamp();
  }

  void largest() {
    const std::uint32_t input = any();
    const std::int64_t groups = part(count(input));
    const std::int64_t size = count(input) / groups;
    add(LargestOp{groups, size, pick(0, size), pick(0, 1) == 1}, {input}, count(input));
  }

  /// Of functions that are exact in f32 too.
  void map() {
    const std::uint32_t input = any();
    add(MapOp{pick(0, 1) == 0 ? MapFunction::abs : MapFunction::sign}, {input}, count(input));
  }

  void quotient() {
    const std::uint32_t input = any();
    const auto by = static_cast<std::uint32_t>(program_.size());
    add(FillOp{pick(0, 1) == 0 ? 2.0 : -0.5}, {}, count(input));
    add(QuotientOp{}, {input, by}, count(input));
    clamp();
  }

  /// One at most: nested products compute their blocks again and again.
  void product() {
    if (has_product_) return;
    const std::uint32_t left = any();
    const std::uint32_t right = any();
    const std::int64_t k = part(count(left));
    if (count(right) % k != 0) return;
    const std::int64_t m = count(left) / k;
    const std::int64_t n = count(right) / k;
    if (m * n > options_.most_count) return;
    has_product_ = true;
    add(MatmulOp{m, k, n}, {left, right}, m * n);
    clamp();
  }

  void hold() {
    const std::uint32_t input = any();
    add(HoldOp{}, {input}, count(input));
  }

  void identity() {
    const std::int64_t rows = pick(1, 30);
    const std::int64_t columns = pick(1, 30);
    add(IdentityOp{rows, columns}, {}, rows * columns);
  }

  std::mt19937_64& random_;
  const RandomProgramOptions& options_;
  Program program_;
  bool has_product_ = false;
};

}  // namespace

Program random_program(std::mt19937_64& random, const std::vector<Op>& reads,
                       const RandomProgramOptions& options) {
  return Maker(random, reads, options).make();
}

}  // namespace inarch
