#include "runtime/forward/linear.h"

#include <algorithm>
#include <utility>

#include "compiler/core/shape.h"
#include "runtime/forward/rounded.h"
#include "runtime/kernels/linear_algebra.h"

namespace inarch {

namespace {

// Blocks of 4 MiB in f32: each is packed once for all tokens, and all tokens once for each.
constexpr std::int64_t block_elements = 1024 * 1024;
// Codecs of words are fastest by so many rows.
constexpr std::int64_t row_step = 128;

}  // namespace

Result<LinearMap> LinearMap::open(WeightFiles& files, const LinearPlace& place) {
  auto weight = MatrixRows::open(files, place.weight);
  if (!weight) return weight.error();
  LinearMap map{std::move(*weight), {}};
  if (place.bias == nullptr) return map;
  auto bias = read_vector(files, *place.bias);
  if (!bias) return bias.error();
  map.bias = std::move(*bias);
  return map;
}

std::int64_t rows_at_a_time(std::int64_t rows, std::int64_t columns) {
  const std::int64_t fitting = block_elements / columns / row_step * row_step;
  return std::min(rows, std::max(fitting, row_step));
}

Status apply_block(WeightFiles& files, const LinearMap& map, std::int64_t first, std::int64_t count,
                   std::int64_t m, const float* x, std::int64_t x_stride, Rounding rounding,
                   WorkerBuffers& buffers, float* y, std::int64_t y_stride) {
  const std::int64_t k = map.weight.columns();
  float* weights = grown(buffers.weights, count * k);
  if (Status status = map.weight.read(files, first, count, buffers.stored, weights); !status)
    return status;
  multiply(m, count, k, {x, x_stride}, {weights, k, true}, ProductMode::set, y, y_stride);
  for (std::int64_t i = 0; i < m; ++i) {
    float* row = y + i * y_stride;
    if (!map.bias.empty()) {
      const float* bias = map.bias.data() + first;
      for (std::int64_t j = 0; j < count; ++j) row[j] += bias[j];
    }
    round_as(rounding, row, count);
  }
  return {};
}

Status apply_linear(WeightFiles& files, Workers& workers, std::int64_t m,
                    std::span<const LinearWork> work, Rounding rounding) {
  struct Block {
    const LinearWork* of;
    std::int64_t first, count;
  };
  std::vector<Block> blocks;
  for (const LinearWork& one : work) {
    const std::int64_t rows = one.map->weight.rows();
    const std::int64_t step = rows_at_a_time(rows, one.map->weight.columns());
    for (std::int64_t first = 0; first < rows; first += step)
      blocks.push_back({&one, first, std::min(step, rows - first)});
  }
  return workers.run(blocks.size(), [&](std::size_t task, WorkerBuffers& buffers) {
    const Block& block = blocks[task];
    const LinearWork& of = *block.of;
    return apply_block(files, *of.map, block.first, block.count, m, of.x, of.x_stride, rounding,
                       buffers, of.y + block.first, of.y_stride);
  });
}

}  // namespace inarch
