#include <cstring>
#include <random>
#include <vector>

#include <benchmark/benchmark.h>

#include "runtime/kernels/axis_reduce.h"
#include "runtime/kernels/content_hash.h"
#include "runtime/kernels/convert.h"
#include "runtime/kernels/elementwise.h"
#include "runtime/kernels/gather.h"
#include "runtime/kernels/random.h"

/// Bytes per second count what a kernel reads plus what it writes, as stored. The first argument is
/// the number of elements: 16 Ki stay in a core's caches, 256 Ki are a tile, 16 Mi come from
/// memory.

namespace inarch {
namespace {

constexpr std::int64_t cached = 16 * 1024;
constexpr std::int64_t tile = 256 * 1024;
constexpr std::int64_t memory = 16 * 1024 * 1024;

std::vector<float> values(std::int64_t n) {
  std::mt19937 generator(1);
  std::normal_distribution<float> normal(0, 0.02F);
  std::vector<float> pattern(4096);
  for (float& value : pattern) value = normal(generator);
  std::vector<float> result(static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < result.size(); ++i) result[i] = pattern[i % pattern.size()];
  return result;
}

std::vector<unsigned char> stored(DType dtype, std::int64_t n) {
  std::vector<unsigned char> result(static_cast<std::size_t>(n * bytes(dtype)));
  encode(dtype, values(n).data(), n, result.data());
  return result;
}

void count_bytes(benchmark::State& state, std::int64_t per_iteration) {
  state.SetBytesProcessed(state.iterations() * per_iteration);
}

void copy(benchmark::State& state) {
  const std::int64_t n = state.range(0);
  const auto from = values(n);
  std::vector<float> to(from.size());
  for (auto _ : state) {
    std::memcpy(to.data(), from.data(), from.size() * sizeof(float));
    benchmark::ClobberMemory();
  }
  count_bytes(state, n * 8);
}

void decode_to_f32(benchmark::State& state, DType dtype) {
  const std::int64_t n = state.range(0);
  const auto from = stored(dtype, n);
  std::vector<float> to(static_cast<std::size_t>(n));
  for (auto _ : state) {
    decode(dtype, from.data(), n, to.data());
    benchmark::ClobberMemory();
  }
  count_bytes(state, n * (4 + bytes(dtype)));
}

void encode_f32(benchmark::State& state, DType dtype) {
  const std::int64_t n = state.range(0);
  const auto from = values(n);
  std::vector<unsigned char> to(static_cast<std::size_t>(n * bytes(dtype)));
  for (auto _ : state) {
    encode(dtype, from.data(), n, to.data());
    benchmark::ClobberMemory();
  }
  count_bytes(state, n * (4 + bytes(dtype)));
}

void encode_f64(benchmark::State& state, DType dtype) {
  const std::int64_t n = state.range(0);
  const auto singles = values(n);
  const std::vector<double> from(singles.begin(), singles.end());
  std::vector<unsigned char> to(static_cast<std::size_t>(n * bytes(dtype)));
  for (auto _ : state) {
    encode(dtype, from.data(), n, to.data());
    benchmark::ClobberMemory();
  }
  count_bytes(state, n * (8 + bytes(dtype)));
}

void linear_f32(benchmark::State& state, std::size_t operands) {
  const std::int64_t n = state.range(0);
  const std::vector<std::vector<float>> all(operands, values(n));
  std::vector<const float*> inputs;
  for (const auto& operand : all) inputs.push_back(operand.data());
  const std::vector<double> weights(operands, 0.3);
  std::vector<float> to(static_cast<std::size_t>(n));
  for (auto _ : state) {
    linear(inputs, weights, 0, n, to.data());
    benchmark::ClobberMemory();
  }
  count_bytes(state, n * 4 * static_cast<std::int64_t>(operands + 1));
}

void linear_stored(benchmark::State& state, DType dtype, std::size_t operands) {
  const std::int64_t n = state.range(0);
  const std::vector<std::vector<unsigned char>> all(operands, stored(dtype, n));
  std::vector<Encoded> inputs;
  for (const auto& operand : all) inputs.push_back({dtype, operand.data()});
  const std::vector<double> weights(operands, 0.3);
  std::vector<unsigned char> to(static_cast<std::size_t>(n * bytes(dtype)));
  for (auto _ : state) {
    linear_encoded(inputs, weights, 0, n, dtype, to.data());
    benchmark::ClobberMemory();
  }
  count_bytes(state, n * bytes(dtype) * static_cast<std::int64_t>(operands + 1));
}

// decode, linear and encode of a whole tile at a time: what linear_encoded saves.
void linear_by_tiles(benchmark::State& state, DType dtype, std::size_t operands) {
  const std::int64_t n = state.range(0);
  const std::vector<std::vector<unsigned char>> all(operands, stored(dtype, n));
  std::vector<std::vector<float>> tiles(operands, std::vector<float>(static_cast<std::size_t>(n)));
  std::vector<const float*> inputs;
  for (const auto& operand : tiles) inputs.push_back(operand.data());
  const std::vector<double> weights(operands, 0.3);
  std::vector<unsigned char> to(static_cast<std::size_t>(n * bytes(dtype)));
  for (auto _ : state) {
    for (std::size_t k = 0; k < operands; ++k) decode(dtype, all[k].data(), n, tiles[k].data());
    linear(inputs, weights, 0, n, tiles[0].data());
    encode(dtype, tiles[0].data(), n, to.data());
    benchmark::ClobberMemory();
  }
  count_bytes(state, n * bytes(dtype) * static_cast<std::int64_t>(operands + 1));
}

void transposition(benchmark::State& state, int width) {
  const std::int64_t side = state.range(0);
  std::vector<unsigned char> from(static_cast<std::size_t>(side * side * width), 1);
  std::vector<unsigned char> to(from.size());
  const CopyDim dims[] = {{side, 1, side}, {side, side, 1}};
  for (auto _ : state) {
    strided_copy(from.data(), to.data(), width, dims);
    benchmark::ClobberMemory();
  }
  count_bytes(state, 2 * side * side * width);
}

void normal(benchmark::State& state) {
  std::vector<float> to(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    fill_normal(1, "w", 0, state.range(0), 0, 0.02, to.data());
    benchmark::ClobberMemory();
  }
  count_bytes(state, state.range(0) * 4);
}

void uniform(benchmark::State& state) {
  std::vector<float> to(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    fill_uniform(1, "w", 0, state.range(0), -1, 1, to.data());
    benchmark::ClobberMemory();
  }
  count_bytes(state, state.range(0) * 4);
}

void row_sums(benchmark::State& state) {
  const std::int64_t inner = state.range(0);
  const std::int64_t rows = tile / inner;
  const auto from = values(rows * inner);
  std::vector<double> block(static_cast<std::size_t>(inner), 0.0);
  std::vector<double> sums(static_cast<std::size_t>(inner), 0.0);
  for (auto _ : state) {
    reduce_portion(Reduction::norm, from.data(), 0, rows, rows, inner, block.data(), sums.data());
    benchmark::ClobberMemory();
  }
  count_bytes(state, rows * inner * 4);
}

void hash_piece(benchmark::State& state) {
  const std::vector<unsigned char> from(static_cast<std::size_t>(state.range(0)), 7);
  for (auto _ : state) benchmark::DoNotOptimize(digest_piece(from.data(), from.size()));
  count_bytes(state, state.range(0));
}

BENCHMARK(copy)->Arg(cached)->Arg(tile)->Arg(memory);
BENCHMARK_CAPTURE(decode_to_f32, bf16, DType::bf16)->Arg(cached)->Arg(tile)->Arg(memory);
BENCHMARK_CAPTURE(decode_to_f32, f16, DType::f16)->Arg(cached)->Arg(tile)->Arg(memory);
BENCHMARK_CAPTURE(decode_to_f32, f8_e4m3, DType::f8_e4m3)->Arg(cached)->Arg(tile);
BENCHMARK_CAPTURE(decode_to_f32, f8_e5m2, DType::f8_e5m2)->Arg(cached)->Arg(tile);
BENCHMARK_CAPTURE(encode_f32, bf16, DType::bf16)->Arg(cached)->Arg(tile)->Arg(memory);
BENCHMARK_CAPTURE(encode_f32, f16, DType::f16)->Arg(cached)->Arg(tile)->Arg(memory);
BENCHMARK_CAPTURE(encode_f32, f8_e4m3, DType::f8_e4m3)->Arg(cached)->Arg(tile);
BENCHMARK_CAPTURE(encode_f32, f8_e5m2, DType::f8_e5m2)->Arg(cached)->Arg(tile);
BENCHMARK_CAPTURE(encode_f64, bf16, DType::bf16)->Arg(cached);
BENCHMARK_CAPTURE(encode_f64, f16, DType::f16)->Arg(cached);
BENCHMARK_CAPTURE(linear_f32, scale, 1)->Arg(cached)->Arg(tile);
BENCHMARK_CAPTURE(linear_f32, two, 2)->Arg(cached)->Arg(tile);
BENCHMARK_CAPTURE(linear_f32, five, 5)->Arg(cached)->Arg(tile);
BENCHMARK_CAPTURE(linear_stored, bf16_scale, DType::bf16, 1)->Arg(tile)->Arg(memory);
BENCHMARK_CAPTURE(linear_by_tiles, bf16_scale, DType::bf16, 1)->Arg(tile);
BENCHMARK_CAPTURE(linear_stored, bf16_two, DType::bf16, 2)->Arg(tile)->Arg(memory);
BENCHMARK_CAPTURE(linear_by_tiles, bf16_two, DType::bf16, 2)->Arg(tile);
BENCHMARK_CAPTURE(linear_stored, f16_scale, DType::f16, 1)->Arg(tile)->Arg(memory);
BENCHMARK_CAPTURE(linear_by_tiles, f16_scale, DType::f16, 1)->Arg(tile);
BENCHMARK_CAPTURE(linear_stored, f16_two, DType::f16, 2)->Arg(tile)->Arg(memory);
BENCHMARK_CAPTURE(linear_by_tiles, f16_two, DType::f16, 2)->Arg(tile);
BENCHMARK_CAPTURE(transposition, bytes_1, 1)->Arg(512)->Arg(4096);
BENCHMARK_CAPTURE(transposition, bytes_2, 2)->Arg(512)->Arg(4096);
BENCHMARK_CAPTURE(transposition, bytes_4, 4)->Arg(512)->Arg(4096);
BENCHMARK_CAPTURE(transposition, bytes_8, 8)->Arg(512)->Arg(4096);
BENCHMARK(normal)->Arg(tile);
BENCHMARK(uniform)->Arg(tile);
BENCHMARK(row_sums)->Arg(1)->Arg(64)->Arg(4096);
BENCHMARK(hash_piece)->Arg(4096)->Arg(1024 * 1024);

}  // namespace
}  // namespace inarch

BENCHMARK_MAIN();
