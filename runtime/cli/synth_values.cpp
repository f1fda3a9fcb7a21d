#include "runtime/cli/synth_values.h"

#include <cstring>
#include <limits>
#include <string_view>

#include "runtime/kernels/convert.h"
#include "runtime/kernels/elementwise.h"
#include "runtime/kernels/random.h"

namespace inarch {

namespace {

// Codes of FP8 weights spread like this, and block scales are as much smaller than the weights.
constexpr double fp8_deviation = 64;
constexpr double clip_limit = 4;

struct Normal {
  double mean = 0;
  double deviation = 0;
};

std::string_view last_word(std::string_view name) { return name.substr(name.rfind('.') + 1); }

Normal distribution_of(const SynthTensor& tensor, double deviation) {
  const std::string_view word = last_word(tensor.name);
  const bool matrix = tensor.shape.size() >= 2;
  if (tensor.dtype == DType::f8_e4m3 || tensor.dtype == DType::f8_e5m2) return {0, fp8_deviation};
  if (word.ends_with("_min")) return {-clip_limit, clip_limit / 32};
  if (word.ends_with("_max")) return {clip_limit, clip_limit / 32};
  if (matrix && word.find("scale") != std::string_view::npos)
    return {deviation / fp8_deviation, deviation / fp8_deviation / 8};
  if (matrix || word.ends_with("bias")) return {0, deviation};
  return {1, deviation};
}

/// The largest finite number of a type.
double largest(DType dtype) {
  switch (dtype) {
    case DType::f16:
      return 65504;
    case DType::f8_e4m3:
      return 448;
    case DType::f8_e5m2:
      return 57344;
    default:
      return 0x1.fep127;  // of bf16
  }
}

void draw_floats(const SynthTensor& tensor, const SynthValues& values, std::int64_t begin,
                 std::span<float> scratch, std::span<std::byte> into) {
  const std::int64_t width = bytes(tensor.dtype);
  const std::int64_t n = static_cast<std::int64_t>(into.size()) / width;
  const Normal normal = distribution_of(tensor, values.deviation);
  fill_normal(values.seed, tensor.name, begin / width, n, normal.mean, normal.deviation,
              scratch.data());
  const double limit = largest(tensor.dtype);
  clamp(scratch.data(), n, -limit, limit);
  encode(tensor.dtype, scratch.data(), n, into.data());
}

void draw_complex(const SynthTensor& tensor, const SynthValues& values, std::int64_t begin,
                  std::span<float> scratch, std::span<std::byte> into) {
  constexpr std::int64_t width = sizeof(float);
  fill_normal(values.seed, tensor.name, begin / width,
              static_cast<std::int64_t>(into.size()) / width, 0, values.deviation, scratch.data());
  std::memcpy(into.data(), scratch.data(), into.size());
}

/// 0 … 96, in turn from a place that the name gives.
void draw_integers(const SynthTensor& tensor, const SynthValues& values, std::int64_t begin,
                   std::span<std::byte> into) {
  const std::size_t width = static_cast<std::size_t>(bytes(tensor.dtype));
  const std::uint64_t start =
      stream_of(tensor.name) % 97 + values.seed % 97 + static_cast<std::uint64_t>(begin) / width;
  const std::uint64_t count = tensor.dtype == DType::boolean ? 2 : 97;
  std::memset(into.data(), 0, into.size());
  for (std::size_t k = 0; k * width < into.size(); ++k)
    into[k * width] = static_cast<std::byte>((start + k) % count);
}

/// Any byte, but for exponents alone, which stay near those of weights, and the NaN of "fnuz".
void draw_codes(const SynthTensor& tensor, const SynthValues& values, std::int64_t begin,
                std::span<float> scratch, std::span<std::byte> into) {
  const bool exponents = tensor.dtype == DType::f8_e8m0;
  const bool has_nan = tensor.dtype == DType::f8_e4m3fnuz || tensor.dtype == DType::f8_e5m2fnuz;
  fill_uniform(values.seed, tensor.name, begin, static_cast<std::int64_t>(into.size()),
               exponents ? 117 : 0, exponents ? 122 : 256, scratch.data());
  for (std::size_t k = 0; k < into.size(); ++k) {
    const auto code = static_cast<std::byte>(scratch[k]);
    into[k] = has_nan && code == std::byte{0x80} ? std::byte{0} : code;
  }
}

}  // namespace

void draw_values(const SynthTensor& tensor, const SynthValues& values, std::int64_t begin,
                 std::span<float> scratch, std::span<std::byte> into) {
  switch (tensor.dtype) {
    case DType::c64:
      return draw_complex(tensor, values, begin, scratch, into);
    case DType::boolean:
    case DType::u8:
    case DType::i8:
    case DType::i16:
    case DType::u16:
    case DType::i32:
    case DType::u32:
    case DType::i64:
    case DType::u64:
      return draw_integers(tensor, values, begin, into);
    default:
      break;
  }
  if (is_arithmetic(tensor.dtype)) return draw_floats(tensor, values, begin, scratch, into);
  draw_codes(tensor, values, begin, scratch, into);
}

}  // namespace inarch
