#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "compiler/core/dtype.h"
#include "compiler/core/shape.h"

namespace inarch {

/// How synthetic values are drawn.
struct SynthValues {
  std::uint64_t seed = 0;
  double deviation = 0.02;
};

/// One tensor of a synthetic checkpoint.
struct SynthTensor {
  std::string name;
  DType dtype = DType::bf16;
  Shape shape;
  bool buffer = false;
  std::uint32_t shard = 0;
  std::int64_t offset = 0;  // bytes from the start of the shard
  std::int64_t bytes = 0;
};

/// Fills `into` with bytes [begin, begin + into.size()) of a tensor, both multiples of 8 but for
/// the tensor's end. What an element gets depends on seed, name and its number alone. All values
/// are finite and hardly two are alike: matrices and biases are normal around 0; other vectors and
/// scalars, norms that is, around 1; lower limits of clips are negative and upper ones positive;
/// FP8 codes fill their range and block scales make up for it; integers are small; codes of packed
/// types are random. `scratch` holds at least into.size() floats.
void draw_values(const SynthTensor& tensor, const SynthValues& values, std::int64_t begin,
                 std::span<float> scratch, std::span<std::byte> into);

}  // namespace inarch
