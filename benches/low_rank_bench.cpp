#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "runtime/kernels/linear_algebra.h"
#include "runtime/kernels/low_rank.h"
#include "runtime/kernels/random.h"

/// Low-rank factors beside a plain product of the size of one of their passes over the matrix.
/// Items per second are floating-point operations: of the product, and of all passes, which leaves
/// out what else the factors take. The arguments are rows, columns and rank.
///
/// Matrices are Gaussian, the flattest spectrum there is, unless $LOW_RANK_MATRICES is a folder
/// with a file "ROWSxCOLUMNS.f32": what benches/low_rank compares with torch. `error` is ‖W − AB‖ /
/// ‖W‖, `ratio` that over the best one, for matrices whose exact factors do not take long.

namespace inarch {
namespace {

using Floats = std::vector<float>;

Floats matrix(std::int64_t rows, std::int64_t columns) {
  Floats w(static_cast<std::size_t>(rows * columns));
  fill_normal(1, "w", 0, rows * columns, 0, 0.02, w.data());
  if (const char* const folder = std::getenv("LOW_RANK_MATRICES")) {
    std::ifstream in(folder + ("/" + std::to_string(rows)) + "x" + std::to_string(columns) + ".f32",
                     std::ios::binary);
    in.read(reinterpret_cast<char*>(w.data()),
            static_cast<std::streamsize>(w.size() * sizeof(float)));
  }
  return w;
}

LowRankProblem problem_of(const benchmark::State& state) {
  LowRankProblem problem;
  problem.rows = state.range(0);
  problem.columns = state.range(1);
  problem.rank = state.range(2);
  return problem;
}

struct Factoring {
  LowRankProblem problem;
  Floats w, a, b;
  std::vector<std::byte> scratch;

  explicit Factoring(const LowRankProblem& of)
      : problem(of),
        w(matrix(of.rows, of.columns)),
        a(static_cast<std::size_t>(of.rows * of.rank)),
        b(static_cast<std::size_t>(of.rank * of.columns)),
        scratch(static_cast<std::size_t>(low_rank_scratch_bytes(of))) {}

  LowRankResult run() { return low_rank(problem, w.data(), a.data(), b.data(), {}, scratch); }
};

/// ‖W − AB‖² of the exact factors, once for each size.
double best_squared_error(LowRankProblem problem) {
  static std::map<std::vector<std::int64_t>, double> known;
  const auto [at, is_new] = known.try_emplace({problem.rows, problem.columns, problem.rank});
  problem.exact = true;
  if (is_new) at->second = Factoring(problem).run().squared_error;
  return at->second;
}

void factors(benchmark::State& state, bool exact) {
  LowRankProblem problem = problem_of(state);
  problem.exact = exact;
  Factoring factoring(problem);
  LowRankResult result;
  for (auto _ : state) {
    result = factoring.run();
    benchmark::ClobberMemory();
  }
  state.counters["error"] = std::sqrt(result.squared_error / result.squared_norm);
  state.counters["scratch_MB"] = static_cast<double>(factoring.scratch.size()) / 1e6;
  if (!result.exact) {
    const std::int64_t width = std::max<std::int64_t>(32, (problem.rank + 15) / 16 * 16);
    const std::int64_t passes = 2 * (result.power_iterations + 1);
    state.SetItemsProcessed(state.iterations() * passes * 2 * problem.rows * problem.columns *
                            width);
    state.counters["passes"] = static_cast<double>(passes);
  }
  if (std::min(problem.rows, problem.columns) <= 1024) {
    state.counters["ratio"] = std::sqrt(result.squared_error / best_squared_error(problem));
  }
}

void product(benchmark::State& state, bool transposed) {
  const std::int64_t m = state.range(transposed ? 1 : 0);
  const std::int64_t k = state.range(transposed ? 0 : 1);
  const std::int64_t n = state.range(2);
  const Floats w = matrix(state.range(0), state.range(1));
  const Floats v(static_cast<std::size_t>(k * n), 0.1F);
  Floats y(static_cast<std::size_t>(m * n));
  for (auto _ : state) {
    multiply(m, n, k, {w.data(), state.range(1), transposed}, {v.data(), n}, ProductMode::set,
             y.data(), n);
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * 2 * m * n * k);
}

void shapes(benchmark::internal::Benchmark* row) {
  row->Args({512, 512, 16})->Args({512, 512, 64})->Args({1024, 384, 64});
  row->Args({3072, 768, 32})->Args({7168, 3072, 64});
  row->Unit(benchmark::kMillisecond);
}

BENCHMARK_CAPTURE(product, w_v, false)->Apply(shapes);
BENCHMARK_CAPTURE(product, wt_u, true)->Apply(shapes);
BENCHMARK_CAPTURE(factors, low_rank, false)->Apply(shapes);
BENCHMARK_CAPTURE(factors, exact, true)
    ->Args({512, 512, 64})
    ->Args({1024, 384, 64})
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace inarch

BENCHMARK_MAIN();
