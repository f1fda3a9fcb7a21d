#pragma once

namespace inarch {

/// Whether this processor has the vectors of 512 bits that AVX-512F brings.
inline bool has_avx512() {
  static const bool has = __builtin_cpu_supports("avx512f") != 0;
  return has;
}

}  // namespace inarch
