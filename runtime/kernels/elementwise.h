#pragma once

#include <cstdint>
#include <span>

#include "compiler/core/dtype.h"
#include "compiler/core/ops.h"

namespace inarch {

/// dst[i] = ((w0·x0[i] + w1·x1[i]) + …) + bias, every operation rounded on its own, in this order.
/// A bias of 0 is not added (so −0 stays −0); without inputs dst is the bias. In f32 weights and
/// bias are rounded to f32 first. `dst` may be inputs[0] itself; nothing else overlaps.
void linear(std::span<const float* const> inputs, std::span<const double> weights, double bias,
            std::int64_t n, float* dst);
void linear(std::span<const double* const> inputs, std::span<const double> weights, double bias,
            std::int64_t n, double* dst);

/// Stored elements of one type.
struct Encoded {
  DType dtype = DType::f32;
  const void* data = nullptr;
};

/// decode, linear in f32, encode, in one pass that stays in the first-level cache: the same bits as
/// the three calls, at a fraction of their memory traffic. Weights number as many as inputs.
void linear_encoded(std::span<const Encoded> inputs, std::span<const double> weights, double bias,
                    std::int64_t n, DType dtype, void* dst);

/// values[i] = values[i] · by[i].
void multiply(const float* by, std::int64_t n, float* values);
void multiply(const double* by, std::int64_t n, double* values);

/// values[i] = values[i] / by[i].
void divide(const float* by, std::int64_t n, float* values);
void divide(const double* by, std::int64_t n, double* values);

/// values[i] = function(values[i]). `exp` and `log` are taken in f64 and rounded once, so that f32
/// results are the same on every processor.
void map_values(MapFunction function, std::int64_t n, float* values);
void map_values(MapFunction function, std::int64_t n, double* values);

/// Limits values to [low, high] in place; NaN passes through. In f32 the limits are rounded to f32.
void clamp(float* values, std::int64_t n, double low, double high);
void clamp(double* values, std::int64_t n, double low, double high);

/// Elements [first, first + n) of the row-major [rows, columns] matrix with ones on its diagonal.
void fill_identity(std::int64_t columns, std::int64_t first, std::int64_t n, float* dst);
void fill_identity(std::int64_t columns, std::int64_t first, std::int64_t n, double* dst);

}  // namespace inarch
