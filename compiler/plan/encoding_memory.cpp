// What encoded tensors take while they are decoded or made: the parts that are kept, and portions
// of codes and values.

#include <algorithm>

#include "compiler/plan/memory_model.h"
#include "compiler/support/saturating.h"

namespace inarch::scratch {

std::int64_t kept_part_bytes(const Encoding& encoding, PartRole role) {
  if (!encoding.find(role)) return 0;
  switch (role) {
    case PartRole::codes:
      return decodes_rows(encoding) ? buffer_bytes(*part_count(encoding, role), 4) : 0;
    case PartRole::scales:
    case PartRole::zeros:
    case PartRole::groups:
    case PartRole::map:
      return buffer_bytes(*part_count(encoding, role), 4);
    default:
      return 0;
  }
}

std::int64_t kept_bytes(const Encoding& encoding) {
  std::int64_t total = 0;
  for (const PartRole role :
       {PartRole::codes, PartRole::scales, PartRole::zeros, PartRole::groups, PartRole::map}) {
    total = saturating_add(total, kept_part_bytes(encoding, role));
  }
  return total;
}

bool decodes_rows(const Encoding& encoding) {
  return encoding.codec == Codec::awq || encoding.codec == Codec::gptq ||
         encoding.codec == Codec::packed_int;
}

std::int64_t code_bytes(const Encoding& encoding, std::int64_t n) {
  switch (encoding.codec) {
    case Codec::scaled_fp8:
      return n;
    case Codec::packed_e2m1:
    case Codec::bnb4:
      return n / 2 + 1;
    case Codec::awq:
    case Codec::gptq:
    case Codec::packed_int:
      return 0;  // kept
  }
  return 0;
}

bool encodes_scales(const EncodeOp& op) {
  switch (op.part) {
    case PartRole::map:
    case PartRole::nested_map:
      return false;
    case PartRole::state:
      return op.encoding->nested_block > 0;
    default:
      return true;
  }
}

std::int64_t encoded_scales_bytes(const EncodeOp& op) {
  return encodes_scales(op)
             ? buffer_bytes(saturating_add(op.encoding->block_count(), 1), sizeof(float))
             : 0;
}

std::int64_t encode_chunk(const Encoding& encoding, const Evaluation& how) {
  if (encoding.codec == Codec::scaled_fp8) return std::min(how.tile, encoding.count());
  const std::int64_t block = encoding.block_columns;
  return std::min(saturating_multiply(std::max<std::int64_t>(how.tile / block, 1), block),
                  encoding.count());
}

}  // namespace inarch::scratch
