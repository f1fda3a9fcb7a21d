#pragma once

#include "compiler/core/encoding.h"

namespace inarch {

/// True when a part is bytes, and `dtype` is what they lie as (bitsandbytes' quant_storage): such a
/// part is read as u8, of which part_count() says how many.
inline bool lies_as_numbers(const Encoding& encoding, PartRole role, DType dtype) {
  const bool number = dtype == DType::f16 || dtype == DType::bf16 || dtype == DType::f32;
  return encoding.codec == Codec::bnb4 && role == PartRole::codes && number;
}

}  // namespace inarch
