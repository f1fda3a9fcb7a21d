#include "runtime/cli/keep_memory.h"

#include <limits>

#include <malloc.h>

namespace inarch {

void keep_memory() {
  constexpr int piece = 32 << 20;
  mallopt(M_TOP_PAD, piece);
  mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
}

}  // namespace inarch
