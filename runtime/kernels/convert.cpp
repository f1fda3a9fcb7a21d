#include "runtime/kernels/convert.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "runtime/kernels/convert_loops.h"

namespace inarch {

namespace {

// Values that pass through a buffer on the stack: 8 KiB as f64, at home in the first-level cache.
constexpr std::int64_t chunk = 1024;

std::size_t size(std::int64_t count, std::int64_t width) {
  return static_cast<std::size_t>(count * width);
}

// Types narrower than f32.
void decode_narrow(DType dtype, const unsigned char* source, std::int64_t n, float* target) {
  switch (dtype) {
    case DType::bf16:
      return decode_bf16(source, n, target);
    case DType::f16:
      return float16_path().decode(source, n, target);
    case DType::f8_e4m3:
      return decode_f8_e4m3(source, n, target);
    case DType::f8_e5m2:
      return decode_f8_e5m2(source, n, target);
    default:
      return;
  }
}

void encode_narrow(DType dtype, const float* source, std::int64_t n, unsigned char* target) {
  switch (dtype) {
    case DType::bf16:
      return encode_bf16(source, n, target);
    case DType::f16:
      return float16_path().encode(source, n, target);
    case DType::f8_e4m3:
      return encode_f8_e4m3(source, n, target);
    case DType::f8_e5m2:
      return encode_f8_e5m2(source, n, target);
    default:
      return;
  }
}

template <typename Value>
void round_in_place(DType dtype, Value* values, std::int64_t n) {
  std::array<unsigned char, chunk * sizeof(double)> stored;
  for (std::int64_t i = 0; i < n; i += chunk) {
    const std::int64_t count = std::min(chunk, n - i);
    encode(dtype, values + i, count, stored.data());
    decode(dtype, stored.data(), count, values + i);
  }
}

}  // namespace

void decode(DType dtype, const void* source, std::int64_t n, float* target) {
  const auto* from = static_cast<const unsigned char*>(source);
  if (n <= 0) return;
  if (dtype == DType::f32) {
    std::memcpy(target, from, size(n, 4));
  } else if (dtype == DType::f64) {
    narrow(from, n, target);
  } else {
    decode_narrow(dtype, from, n, target);
  }
}

void decode(DType dtype, const void* source, std::int64_t n, double* target) {
  const auto* from = static_cast<const unsigned char*>(source);
  if (n <= 0) return;
  if (dtype == DType::f64) {
    std::memcpy(target, from, size(n, 8));
    return;
  }
  if (dtype == DType::f32) return widen(from, n, target);
  std::array<float, chunk> values;
  for (std::int64_t i = 0; i < n; i += chunk) {
    const std::int64_t count = std::min(chunk, n - i);
    decode_narrow(dtype, from + i * bytes(dtype), count, values.data());
    widen(reinterpret_cast<const unsigned char*>(values.data()), count, target + i);
  }
}

void encode(DType dtype, const float* source, std::int64_t n, void* target) {
  auto* to = static_cast<unsigned char*>(target);
  if (n <= 0) return;
  if (dtype == DType::f32) {
    std::memcpy(to, source, size(n, 4));
    return;
  }
  if (dtype != DType::f64) return encode_narrow(dtype, source, n, to);
  std::array<double, chunk> values;
  for (std::int64_t i = 0; i < n; i += chunk) {
    const std::int64_t count = std::min(chunk, n - i);
    widen(reinterpret_cast<const unsigned char*>(source + i), count, values.data());
    std::memcpy(to + i * 8, values.data(), size(count, 8));
  }
}

void encode(DType dtype, const double* source, std::int64_t n, void* target) {
  auto* to = static_cast<unsigned char*>(target);
  if (n <= 0) return;
  if (dtype == DType::f64) {
    std::memcpy(to, source, size(n, 8));
    return;
  }
  if (dtype == DType::f32) return narrow(source, n, to);
  std::array<float, chunk> values;
  for (std::int64_t i = 0; i < n; i += chunk) {
    const std::int64_t count = std::min(chunk, n - i);
    narrow_to_odd(source + i, count, values.data());
    encode_narrow(dtype, values.data(), count, to + i * bytes(dtype));
  }
}

void round_to(DType dtype, float* values, std::int64_t n) {
  if (dtype == DType::f32 || dtype == DType::f64) return;
  round_in_place(dtype, values, n);
}

void round_to(DType dtype, double* values, std::int64_t n) {
  if (dtype == DType::f64) return;
  round_in_place(dtype, values, n);
}

}  // namespace inarch
