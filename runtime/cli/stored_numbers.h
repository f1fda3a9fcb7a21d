#pragma once

#include <cstdint>

#include "compiler/core/dtype.h"

namespace inarch {

/// True for types whose elements are whole bytes and real numbers: floats but the "fnuz" ones,
/// integers, booleans, and the exponents of f8_e8m0.
bool has_numbers(DType dtype);

/// `n` stored elements as numbers; 64-bit integers above 2^53 are rounded. Only for has_numbers().
void read_numbers(DType dtype, const void* stored, std::int64_t n, double* numbers);

}  // namespace inarch
