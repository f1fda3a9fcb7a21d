#include "runtime/kernels/elementwise.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <limits>

#include "runtime/kernels/convert.h"
#include "runtime/kernels/multiversion.h"

namespace inarch {

namespace {

// Elements at a time, so that partial sums stay in the first-level cache.
constexpr std::int64_t at_once = 1024;

template <typename T>
inline T one_nan(T value) {
  return value == value ? value : std::numeric_limits<T>::quiet_NaN();
}

template <typename T>
[[gnu::always_inline]] inline void scale_loop(const T* x, T w, std::int64_t n, T* dst) {
  INARCH_INDEPENDENT
  for (std::int64_t i = 0; i < n; ++i) dst[i] = one_nan(w * x[i]);
}

template <typename T>
[[gnu::always_inline]] inline void scale_bias_loop(const T* x, T w, T bias, std::int64_t n,
                                                   T* dst) {
  INARCH_INDEPENDENT
  for (std::int64_t i = 0; i < n; ++i) dst[i] = one_nan(w * x[i] + bias);
}

template <typename T>
[[gnu::always_inline]] inline void two_loop(const T* x, T w, const T* y, T v, std::int64_t n,
                                            T* dst) {
  INARCH_INDEPENDENT
  for (std::int64_t i = 0; i < n; ++i) dst[i] = one_nan(w * x[i] + v * y[i]);
}

template <typename T>
[[gnu::always_inline]] inline void accumulate_loop(const T* x, T w, std::int64_t n, T* dst) {
  INARCH_INDEPENDENT
  for (std::int64_t i = 0; i < n; ++i) dst[i] = one_nan(dst[i] + w * x[i]);
}

template <typename T>
[[gnu::always_inline]] inline void multiply_loop(const T* by, std::int64_t n, T* values) {
  INARCH_INDEPENDENT
  for (std::int64_t i = 0; i < n; ++i) values[i] = one_nan(values[i] * by[i]);
}

template <typename T>
[[gnu::always_inline]] inline void divide_loop(const T* by, std::int64_t n, T* values) {
  INARCH_INDEPENDENT
  for (std::int64_t i = 0; i < n; ++i) values[i] = one_nan(values[i] / by[i]);
}

template <typename T, typename F>
[[gnu::always_inline]] inline void map_loop(std::int64_t n, T* values, F function) {
  for (std::int64_t i = 0; i < n; ++i) values[i] = one_nan(function(values[i]));
}

template <typename T>
[[gnu::always_inline]] inline void map_simple(MapFunction function, std::int64_t n, T* values) {
  if (function == MapFunction::abs) map_loop(n, values, [](T x) { return std::fabs(x); });
  if (function == MapFunction::sqrt) map_loop(n, values, [](T x) { return std::sqrt(x); });
  if (function == MapFunction::sign) {
    map_loop(n, values, [](T x) { return x != x ? x : T(x > T{0}) - T(x < T{0}); });
  }
}

template <typename T>
void map_transcendental(MapFunction function, std::int64_t n, T* values) {
  for (std::int64_t i = 0; i < n; ++i) {
    const auto x = static_cast<double>(values[i]);
    values[i] = one_nan(static_cast<T>(function == MapFunction::exp ? std::exp(x) : std::log(x)));
  }
}

template <typename T>
[[gnu::always_inline]] inline void clamp_loop(T* values, std::int64_t n, T low, T high) {
  for (std::int64_t i = 0; i < n; ++i) {
    const T value = values[i];
    const T raised = value < low ? low : value;
    values[i] = raised > high ? high : raised;
  }
}

INARCH_MULTIVERSION
void scale(const float* x, float w, std::int64_t n, float* dst) { scale_loop(x, w, n, dst); }
INARCH_MULTIVERSION
void scale(const double* x, double w, std::int64_t n, double* dst) { scale_loop(x, w, n, dst); }
INARCH_MULTIVERSION
void scale_bias(const float* x, float w, float bias, std::int64_t n, float* dst) {
  scale_bias_loop(x, w, bias, n, dst);
}
INARCH_MULTIVERSION
void scale_bias(const double* x, double w, double bias, std::int64_t n, double* dst) {
  scale_bias_loop(x, w, bias, n, dst);
}
INARCH_MULTIVERSION
void two(const float* x, float w, const float* y, float v, std::int64_t n, float* dst) {
  two_loop(x, w, y, v, n, dst);
}
INARCH_MULTIVERSION
void two(const double* x, double w, const double* y, double v, std::int64_t n, double* dst) {
  two_loop(x, w, y, v, n, dst);
}
INARCH_MULTIVERSION
void accumulate(const float* x, float w, std::int64_t n, float* dst) {
  accumulate_loop(x, w, n, dst);
}
INARCH_MULTIVERSION
void accumulate(const double* x, double w, std::int64_t n, double* dst) {
  accumulate_loop(x, w, n, dst);
}
INARCH_MULTIVERSION
void clamp_values(float* values, std::int64_t n, float low, float high) {
  clamp_loop(values, n, low, high);
}
INARCH_MULTIVERSION
void clamp_values(double* values, std::int64_t n, double low, double high) {
  clamp_loop(values, n, low, high);
}

template <typename T>
void add_bias(T bias, std::int64_t n, T* dst) {
  if (bias != T{0}) scale_bias(dst, T{1}, bias, n, dst);
}

template <typename T>
void linear_values(std::span<const T* const> inputs, std::span<const double> weights, T bias,
                   std::int64_t n, T* dst) {
  assert(inputs.size() == weights.size());
  const auto weight = [&](std::size_t k) { return static_cast<T>(weights[k]); };
  if (inputs.empty()) {
    std::fill_n(dst, n, bias);
    return;
  }
  if (inputs.size() == 1) {
    if (bias != T{0}) return scale_bias(inputs[0], weight(0), bias, n, dst);
    return scale(inputs[0], weight(0), n, dst);
  }
  for (std::int64_t i = 0; i < n; i += at_once) {
    const std::int64_t count = std::min(at_once, n - i);
    two(inputs[0] + i, weight(0), inputs[1] + i, weight(1), count, dst + i);
    for (std::size_t k = 2; k < inputs.size(); ++k) {
      accumulate(inputs[k] + i, weight(k), count, dst + i);
    }
    add_bias(bias, count, dst + i);
  }
}

template <typename T>
void identity_values(std::int64_t columns, std::int64_t first, std::int64_t n, T* dst) {
  std::fill_n(dst, n, T{0});
  const std::int64_t step = columns + 1;
  for (std::int64_t k = (first + step - 1) / step; k < columns && k * step < first + n; ++k) {
    dst[k * step - first] = T{1};
  }
}

}  // namespace

INARCH_MULTIVERSION
void divide(const float* by, std::int64_t n, float* values) { divide_loop(by, n, values); }
INARCH_MULTIVERSION
void divide(const double* by, std::int64_t n, double* values) { divide_loop(by, n, values); }

namespace {

INARCH_MULTIVERSION
void map_vectors(MapFunction function, std::int64_t n, float* values) {
  map_simple(function, n, values);
}
INARCH_MULTIVERSION
void map_vectors(MapFunction function, std::int64_t n, double* values) {
  map_simple(function, n, values);
}

template <typename T>
void map_any(MapFunction function, std::int64_t n, T* values) {
  const bool transcendental = function == MapFunction::exp || function == MapFunction::log;
  if (transcendental) return map_transcendental(function, n, values);
  map_vectors(function, n, values);
}

}  // namespace

void map_values(MapFunction function, std::int64_t n, float* values) {
  map_any(function, n, values);
}
void map_values(MapFunction function, std::int64_t n, double* values) {
  map_any(function, n, values);
}

INARCH_MULTIVERSION
void multiply(const float* by, std::int64_t n, float* values) { multiply_loop(by, n, values); }
INARCH_MULTIVERSION
void multiply(const double* by, std::int64_t n, double* values) { multiply_loop(by, n, values); }

void linear(std::span<const float* const> inputs, std::span<const double> weights, double bias,
            std::int64_t n, float* dst) {
  linear_values<float>(inputs, weights, static_cast<float>(bias), n, dst);
}

void linear(std::span<const double* const> inputs, std::span<const double> weights, double bias,
            std::int64_t n, double* dst) {
  linear_values<double>(inputs, weights, bias, n, dst);
}

void linear_encoded(std::span<const Encoded> inputs, std::span<const double> weights, double bias,
                    std::int64_t n, DType dtype, void* dst) {
  assert(inputs.size() == weights.size());
  std::array<float, at_once> sum;
  std::array<float, at_once> operand;
  const auto weight = [&](std::size_t k) { return static_cast<float>(weights[k]); };
  const auto fetch = [&](std::size_t k, std::int64_t i, std::int64_t count, float* to) {
    const auto* data = static_cast<const unsigned char*>(inputs[k].data);
    decode(inputs[k].dtype, data + i * bytes(inputs[k].dtype), count, to);
  };
  const float shift = static_cast<float>(bias);
  for (std::int64_t i = 0; i < n; i += at_once) {
    const std::int64_t count = std::min(at_once, n - i);
    if (inputs.empty()) std::fill_n(sum.data(), count, shift);
    if (!inputs.empty()) fetch(0, i, count, sum.data());
    if (inputs.size() == 1) scale(sum.data(), weight(0), count, sum.data());
    for (std::size_t k = 1; k < inputs.size(); ++k) {
      fetch(k, i, count, operand.data());
      if (k == 1) two(sum.data(), weight(0), operand.data(), weight(1), count, sum.data());
      if (k > 1) accumulate(operand.data(), weight(k), count, sum.data());
    }
    if (!inputs.empty()) add_bias(shift, count, sum.data());
    encode(dtype, sum.data(), count, static_cast<unsigned char*>(dst) + i * bytes(dtype));
  }
}

void clamp(float* values, std::int64_t n, double low, double high) {
  clamp_values(values, n, static_cast<float>(low), static_cast<float>(high));
}

void clamp(double* values, std::int64_t n, double low, double high) {
  clamp_values(values, n, low, high);
}

void fill_identity(std::int64_t columns, std::int64_t first, std::int64_t n, float* dst) {
  identity_values(columns, first, n, dst);
}

void fill_identity(std::int64_t columns, std::int64_t first, std::int64_t n, double* dst) {
  identity_values(columns, first, n, dst);
}

}  // namespace inarch
