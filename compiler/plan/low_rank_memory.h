#pragma once

#include <cstdint>

#include "compiler/core/ops.h"

namespace inarch {

/// Bytes of scratch that finding the factors takes, beside the matrix and the factors themselves:
/// what low_rank_scratch_bytes() of runtime/kernels/low_rank.h counts, to which a test holds it.
std::int64_t low_rank_scratch(const LowRankOp& op, bool weighted);

}  // namespace inarch
