#pragma once

#include <cstddef>
#include <cstdint>

#include "compiler/core/encoding.h"
#include "compiler/plan/memory_model.h"

namespace inarch {

/// Where the parts of an encoded tensor lie in the block that is kept of it: kept_part_bytes() of
/// each, in the order of `order`.
class KeptParts {
 public:
  static constexpr PartRole order[] = {PartRole::codes, PartRole::scales, PartRole::zeros,
                                       PartRole::groups, PartRole::map};

  KeptParts(const Encoding& encoding, std::byte* block) : encoding_(encoding), block_(block) {}

  /// Null where nothing is kept of it.
  std::byte* of(PartRole wanted) const {
    std::int64_t offset = 0;
    for (const PartRole role : order) {
      const std::int64_t bytes = scratch::kept_part_bytes(encoding_, role);
      if (role == wanted) return bytes > 0 ? block_ + offset : nullptr;
      offset += bytes;
    }
    return nullptr;
  }
  float* reals(PartRole wanted) const { return as<float>(wanted); }
  std::int32_t* indices(PartRole wanted) const { return as<std::int32_t>(wanted); }
  unsigned char* raw(PartRole wanted) const { return as<unsigned char>(wanted); }

 private:
  template <typename T>
  T* as(PartRole wanted) const {
    return static_cast<T*>(static_cast<void*>(of(wanted)));
  }

  const Encoding& encoding_;
  std::byte* block_;
};

}  // namespace inarch
