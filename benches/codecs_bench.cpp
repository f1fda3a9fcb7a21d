#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include <benchmark/benchmark.h>

#include "runtime/codecs/awq.h"
#include "runtime/codecs/bnb4.h"
#include "runtime/codecs/bnb_nested.h"
#include "runtime/codecs/e8m0.h"
#include "runtime/codecs/gptq.h"
#include "runtime/codecs/packed_e2m1.h"
#include "runtime/codecs/packed_int.h"
#include "runtime/codecs/scaled_fp8.h"

/// Bytes per second count f32: what decoders write, and encoders read. Matrices have 4096 inputs;
/// the first argument is their number of outputs: 64 (1 MiB of f32) stay in a core's caches, 4096
/// come from memory. Decoders go by tiles of 256 Ki elements, as the executor does.

namespace inarch {
namespace {

constexpr std::int64_t inputs = 4096;
constexpr std::int64_t tile_rows = 64;
constexpr std::int64_t tile = tile_rows * inputs;

std::vector<unsigned char> random_bytes(std::int64_t n) {
  std::mt19937_64 bits(1);
  std::vector<unsigned char> bytes(static_cast<std::size_t>(n));
  for (unsigned char& byte : bytes) byte = static_cast<unsigned char>(bits());
  return bytes;
}

std::vector<float> random_floats(std::int64_t n) {
  std::mt19937 bits(2);
  std::uniform_real_distribution<float> uniform(0.5F, 1.5F);
  std::vector<float> values(static_cast<std::size_t>(n));
  for (float& value : values) value = uniform(bits);
  return values;
}

/// Runs `step(begin, n, out)` over all tiles of a matrix.
template <typename Step>
void by_tiles(benchmark::State& state, const Step& step) {
  const std::int64_t n = state.range(0) * inputs;
  std::vector<float> out(static_cast<std::size_t>(tile));
  for (auto _ : state) {
    for (std::int64_t begin = 0; begin < n; begin += tile) step(begin, tile, out.data());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * n * 4);
}

void decode_fp8(benchmark::State& state, DType code, std::int64_t block) {
  const BlockGrid grid{state.range(0), inputs, block, block};
  const auto codes = random_bytes(grid.rows * inputs);
  const auto scales = random_floats(grid.row_blocks() * grid.column_blocks());
  by_tiles(state, [&](std::int64_t begin, std::int64_t n, float* out) {
    decode_scaled_fp8(code, grid, codes.data() + begin, scales.data(), begin, n, out);
  });
}

void decode_fp4(benchmark::State& state, std::int64_t group) {
  const auto packed = random_bytes(state.range(0) * inputs / 2);
  const auto scales = random_floats(state.range(0) * inputs / group);
  by_tiles(state, [&](std::int64_t begin, std::int64_t n, float* out) {
    decode_e2m1(packed.data() + begin / 2, scales.data() + begin / group, group, begin, n, out);
  });
}

void decode_nf4(benchmark::State& state, std::int64_t blocksize) {
  const auto packed = random_bytes(state.range(0) * inputs / 2);
  const auto absmax = random_floats(state.range(0) * inputs / blocksize);
  const float* map = bnb4_map(Bnb4Kind::nf4).data();
  by_tiles(state, [&](std::int64_t begin, std::int64_t n, float* out) {
    decode_bnb4(packed.data() + begin / 2, map, absmax.data() + begin / blocksize, blocksize, begin,
                n, out);
  });
}

void decode_absmax(benchmark::State& state) {
  const auto codes = random_bytes(state.range(0) * inputs);
  const auto scales = random_floats(state.range(0) * inputs / 256);
  const auto map = bnb_dynamic_map();
  by_tiles(state, [&](std::int64_t begin, std::int64_t n, float* out) {
    decode_nested_absmax(codes.data() + begin, map.data(), scales.data() + begin / 256, 0.5F, 256,
                         begin, n, out);
  });
}

void decode_e8m0_scales(benchmark::State& state) {
  const auto codes = random_bytes(state.range(0) * inputs);
  by_tiles(state, [&](std::int64_t begin, std::int64_t n, float* out) {
    decode_e8m0(codes.data() + begin, n, out);
  });
}

void decode_awq_rows(benchmark::State& state) {
  const std::int64_t outputs = state.range(0);
  const auto qweight = random_bytes(inputs * outputs / 2);
  const auto qzeros = random_bytes(inputs / 128 * outputs / 2);
  const auto scales = random_floats(inputs / 128 * outputs);
  const AwqMatrix matrix{inputs, outputs, 128, qweight.data(), qzeros.data(), scales.data()};
  by_tiles(state, [&](std::int64_t begin, std::int64_t n, float* out) {
    decode_awq(matrix, begin / inputs, n / inputs, out);
  });
}

void decode_gptq_rows(benchmark::State& state, int bits, bool act_order) {
  const std::int64_t outputs = state.range(0);
  const auto qweight = random_bytes(inputs * outputs * bits / 8);
  const auto qzeros = random_bytes(inputs / 128 * outputs * bits / 8);
  const auto scales = random_floats(inputs / 128 * outputs);
  std::vector<std::int32_t> indices(inputs);
  for (std::size_t i = 0; i < indices.size(); ++i) indices[i] = static_cast<int>(i * 7 % 32);
  GptqMatrix matrix{bits, inputs, outputs, inputs / 128, 128};
  matrix.qweight = qweight.data();
  matrix.qzeros = qzeros.data();
  matrix.scales = scales.data();
  if (act_order) matrix.g_idx = indices.data();
  by_tiles(state, [&](std::int64_t begin, std::int64_t n, float* out) {
    decode_gptq(matrix, begin / inputs, n / inputs, out);
  });
}

void decode_packed_rows(benchmark::State& state, int bits) {
  const std::int64_t outputs = state.range(0);
  const auto packed = random_bytes(inputs * outputs * bits / 8);
  const auto scales = random_floats(inputs / 128 * outputs);
  PackedIntMatrix matrix{bits, inputs, outputs, inputs / 128, 128};
  matrix.packed = packed.data();
  matrix.scales = scales.data();
  by_tiles(state, [&](std::int64_t begin, std::int64_t n, float* out) {
    decode_packed_int(matrix, begin / inputs, n / inputs, out);
  });
}

template <typename Step>
void encode_tile(benchmark::State& state, const Step& step) {
  const auto values = random_floats(tile);
  std::vector<unsigned char> codes(static_cast<std::size_t>(tile));
  std::vector<float> scales(static_cast<std::size_t>(tile / 16));
  for (auto _ : state) {
    step(values.data(), scales.data(), codes.data());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * tile * 4);
}

void encode_fp8(benchmark::State& state) {
  const BlockGrid grid{tile_rows, inputs, 128, 128};
  encode_tile(state, [&](const float* values, float* scales, unsigned char* codes) {
    block_magnitudes(grid, values, 0, tile, scales);
    for (int i = 0; i < 32; ++i) scales[i] = fp8_multiplier(DType::f8_e4m3, scales[i]);
    encode_scaled_fp8(DType::f8_e4m3, grid, scales, 0, tile, values, codes);
  });
}

/// With a scale a row, as compressed-tensors has it.
void encode_fp8_by_division(benchmark::State& state) {
  const BlockGrid grid{tile_rows, inputs, 1, inputs};
  encode_tile(state, [&](const float* values, float* scales, unsigned char* codes) {
    std::fill(scales, scales + tile_rows, 0.0F);
    block_magnitudes(grid, values, 0, tile, scales);
    for (int i = 0; i < tile_rows; ++i) scales[i] = fp8_dividing_scale(DType::bf16, scales[i]);
    encode_divided_fp8(grid, scales, 0, tile, values, codes);
  });
}

void encode_fp4(benchmark::State& state) {
  encode_tile(state, [&](const float* values, float* scales, unsigned char* codes) {
    group_magnitudes(values, 32, tile, scales);
    for (std::int64_t i = 0; i < tile / 32; ++i) scales[i] = e2m1_scale(scales[i]);
    encode_e2m1(values, scales, 32, tile, codes);
  });
}

void encode_nf4(benchmark::State& state) {
  encode_tile(state, [&](const float* values, float* scales, unsigned char* codes) {
    bnb4_absmax(values, 64, tile, scales);
    encode_bnb4(Bnb4Kind::nf4, values, scales, 64, tile, codes);
  });
}

BENCHMARK_CAPTURE(decode_fp8, e4m3_128, DType::f8_e4m3, 128)->Arg(64)->Arg(4096);
BENCHMARK_CAPTURE(decode_fp8, e4m3_32, DType::f8_e4m3, 32)->Arg(64)->Arg(4096);
BENCHMARK_CAPTURE(decode_fp8, e5m2_128, DType::f8_e5m2, 128)->Arg(64)->Arg(4096);
BENCHMARK_CAPTURE(decode_fp4, group_32, 32)->Arg(64)->Arg(4096);
BENCHMARK_CAPTURE(decode_fp4, group_16, 16)->Arg(64)->Arg(4096);
BENCHMARK_CAPTURE(decode_nf4, block_64, 64)->Arg(64)->Arg(4096);
BENCHMARK(decode_absmax)->Arg(64)->Arg(4096);
BENCHMARK(decode_e8m0_scales)->Arg(64)->Arg(4096);
BENCHMARK(decode_awq_rows)->Arg(64)->Arg(4096);
BENCHMARK_CAPTURE(decode_gptq_rows, bits_2, 2, false)->Arg(64)->Arg(4096);
BENCHMARK_CAPTURE(decode_gptq_rows, bits_3, 3, false)->Arg(64)->Arg(4096);
BENCHMARK_CAPTURE(decode_gptq_rows, bits_4, 4, false)->Arg(64)->Arg(4096);
BENCHMARK_CAPTURE(decode_gptq_rows, bits_4_act_order, 4, true)->Arg(64)->Arg(4096);
BENCHMARK_CAPTURE(decode_gptq_rows, bits_8, 8, false)->Arg(64)->Arg(4096);
BENCHMARK_CAPTURE(decode_packed_rows, bits_4, 4)->Arg(64)->Arg(4096);
BENCHMARK_CAPTURE(decode_packed_rows, bits_8, 8)->Arg(64)->Arg(4096);
BENCHMARK(encode_fp8);
BENCHMARK(encode_fp8_by_division);
BENCHMARK(encode_fp4);
BENCHMARK(encode_nf4);

}  // namespace
}  // namespace inarch

BENCHMARK_MAIN();
