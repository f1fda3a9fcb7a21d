#pragma once

#include <cstddef>

namespace inarch {

/// How often this program has asked for memory with `new` so far.
std::size_t allocations();

}  // namespace inarch
