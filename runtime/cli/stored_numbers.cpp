#include "runtime/cli/stored_numbers.h"

#include <cmath>
#include <limits>

#include "runtime/kernels/bytes.h"
#include "runtime/kernels/convert.h"

namespace inarch {

namespace {

template <typename T>
void widen_integers(const unsigned char* stored, std::int64_t n, double* numbers) {
  for (std::int64_t i = 0; i < n; ++i)
    numbers[i] = static_cast<double>(load<T>(stored + i * static_cast<std::int64_t>(sizeof(T))));
}

/// Powers of two; the code 255 is NaN (OCP Microscaling Formats 1.0, section 5.4.1).
void read_exponents(const unsigned char* stored, std::int64_t n, double* numbers) {
  for (std::int64_t i = 0; i < n; ++i) {
    numbers[i] = stored[i] == 255 ? std::numeric_limits<double>::quiet_NaN()
                                  : std::ldexp(1.0, static_cast<int>(stored[i]) - 127);
  }
}

}  // namespace

bool has_numbers(DType dtype) {
  switch (dtype) {
    case DType::f4:
    case DType::f6_e2m3:
    case DType::f6_e3m2:
    case DType::f8_e4m3fnuz:
    case DType::f8_e5m2fnuz:
    case DType::c64:
      return false;
    default:
      return true;
  }
}

void read_numbers(DType dtype, const void* stored, std::int64_t n, double* numbers) {
  const auto* from = static_cast<const unsigned char*>(stored);
  switch (dtype) {
    case DType::boolean:
    case DType::u8:
      return widen_integers<std::uint8_t>(from, n, numbers);
    case DType::i8:
      return widen_integers<std::int8_t>(from, n, numbers);
    case DType::i16:
      return widen_integers<std::int16_t>(from, n, numbers);
    case DType::u16:
      return widen_integers<std::uint16_t>(from, n, numbers);
    case DType::i32:
      return widen_integers<std::int32_t>(from, n, numbers);
    case DType::u32:
      return widen_integers<std::uint32_t>(from, n, numbers);
    case DType::i64:
      return widen_integers<std::int64_t>(from, n, numbers);
    case DType::u64:
      return widen_integers<std::uint64_t>(from, n, numbers);
    case DType::f8_e8m0:
      return read_exponents(from, n, numbers);
    default:
      return decode(dtype, stored, n, numbers);
  }
}

}  // namespace inarch
