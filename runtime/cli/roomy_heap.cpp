#include "runtime/cli/roomy_heap.h"

#include <cstdlib>  // says whose library this is

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace inarch {

void take_memory_in_large_steps() {
#ifdef __GLIBC__
  mallopt(M_TOP_PAD, 256 << 20);        // of address space: what is not touched takes no memory
  mallopt(M_TRIM_THRESHOLD, 1 << 30);   // of free memory at the end of the heap
  mallopt(M_MMAP_THRESHOLD, 32 << 20);  // the most there may be
#endif
}

}  // namespace inarch
