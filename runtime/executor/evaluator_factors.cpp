#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "compiler/plan/low_rank_memory.h"
#include "compiler/support/text.h"
#include "runtime/executor/evaluator.h"
#include "runtime/kernels/low_rank.h"

namespace inarch {

namespace {

std::string_view what_went_wrong(LowRankFault fault) {
  switch (fault) {
    case LowRankFault::none:
      return "";
    case LowRankFault::not_finite:
      return "has a value that is not finite";
    case LowRankFault::bad_scale:
      return "has moments that are negative or not finite";
    case LowRankFault::too_large:
      return "has a factor beyond what f32 holds";
    case LowRankFault::not_converged:
      return "has no singular values that could be found";
  }
  return "";
}

}  // namespace

bool Evaluator::apply(const LowRankOp&, std::uint32_t at, std::int64_t begin, std::int64_t n,
                      std::byte* target) {
  const auto* factors =
      static_cast<const float*>(static_cast<const void*>(materialised_->of(at))) + begin;
  with_values(target, [&](auto* values) { std::copy(factors, factors + n, values); });
  return true;
}

/// All of an input in f32, whatever the width of the program.
bool Evaluator::gather_f32(std::uint32_t input, std::int64_t n, float* into) {
  if (how_.width == 4)
    return eval_long(input, 0, n, static_cast<std::byte*>(static_cast<void*>(into)));
  const ArenaScope scope(arena_);
  const std::int64_t tile = std::min(how_.tile, n);
  auto* wide = arena_.take_elements<double>(tile);
  for (std::int64_t done = 0; done < n; done += tile) {
    const std::int64_t part = std::min(tile, n - done);
    if (!eval(input, done, part, static_cast<std::byte*>(static_cast<void*>(wide)))) return false;
    std::transform(wide, wide + part, into + done, [](double x) { return static_cast<float>(x); });
  }
  return true;
}

bool Evaluator::materialise_factors(const LowRankOp& op, std::uint32_t at, float* factors) {
  const ArenaScope scope(arena_);
  const std::vector<std::uint32_t>& inputs = program_[at].inputs;
  const bool weighted = inputs.size() > 1;
  auto* matrix = arena_.take_elements<float>(op.rows * op.columns);
  if (!gather_f32(inputs[0], op.rows * op.columns, matrix)) return false;
  LowRankProblem problem;
  if (weighted) {
    auto* moments = arena_.take_elements<float>(op.columns);
    if (!gather_f32(inputs[1], op.columns, moments)) return false;
    problem.column_scale = std::span<const float>(moments, static_cast<std::size_t>(op.columns));
  }
  problem.rows = op.rows;
  problem.columns = op.columns;
  problem.rank = op.rank;
  problem.oversampling = op.oversampling;
  problem.power_iterations = static_cast<int>(op.power_iterations);
  problem.exact = op.exact;
  problem.seed = op.seed;
  problem.key = op.key;
  problem.split = op.split;
  const std::int64_t bytes = low_rank_scratch(op, weighted);
  const std::span<std::byte> scratch(static_cast<std::byte*>(arena_.take(bytes)),
                                     static_cast<std::size_t>(bytes));
  if (low_rank_scratch_bytes(problem) > bytes)
    return keep(error("E903", "internal failure: the memory of a factorisation is stated wrong"));
  std::span<double> singular_values;
  if (op.is_open()) {
    singular_values = {arena_.take_elements<double>(op.rank), static_cast<std::size_t>(op.rank)};
  }
  const LowRankResult result =
      low_rank(problem, matrix, factors, factors + op.rows * op.rank, singular_values, scratch);
  if (result.fault != LowRankFault::none) {
    return keep(
        error("E723", fmt::format("the matrix that '{}' is a factor of {}",
                                  escape_for_terminal(op.key), what_went_wrong(result.fault))));
  }
  factors_found_.push_back({0, at, result.components, result.exact, result.squared_norm,
                            result.squared_error, result.weighted_squared_norm,
                            result.weighted_squared_error, 0});
  if (op.is_open()) {
    const double norm = result.weighted_squared_norm;
    const std::int64_t needed = op.energy > 0 ? rank_for_energy(singular_values, norm, op.energy)
                                              : rank_for_error(singular_values, norm, op.error);
    factors_found_.back().rank_needed = std::clamp<std::int64_t>(needed, 1, op.rank);
  }
  return true;
}

}  // namespace inarch
