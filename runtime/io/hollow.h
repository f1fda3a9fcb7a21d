#pragma once

#include <cstdint>

#include "runtime/io/file.h"

namespace inarch {

/// True when nothing of the file from `begin` on was ever written, as in a checkpoint that has its
/// headers alone: only a hole is there, and before it zeros, in the block that the header shares.
/// False where the file system cannot tell, and at the end of the file.
bool is_hollow(const File& file, std::int64_t begin);

}  // namespace inarch
