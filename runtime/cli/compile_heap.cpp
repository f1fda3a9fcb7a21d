#include "runtime/cli/compile_heap.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>  // says whose library this is
#include <new>

#if defined(__GLIBC__) && !defined(INARCH_SANITIZED)
#define INARCH_COMPILE_HEAP 1
#include <malloc.h>
#include <sys/mman.h>
#endif

namespace inarch {

#ifdef INARCH_COMPILE_HEAP

namespace {

constexpr std::size_t grain = 16;  // sizes are rounded up to it, and everything lies on it
constexpr std::size_t largest = 512;
constexpr std::size_t region_bytes = std::size_t{32} << 30;  // of addresses
constexpr std::size_t chunk_bytes = std::size_t{1} << 20;    // what a thread takes of the region
constexpr std::size_t span_bytes = std::size_t{64} << 10;    // what one size takes of a chunk

/// Set once, before there are threads. No address lies in a region of no bytes.
std::byte* region = nullptr;
std::size_t region_size = 0;
std::atomic<std::size_t> region_used{0};
/// The size that a span has objects of, in grains. Those who free know it from their address.
std::array<std::uint8_t, region_bytes / span_bytes> grains_in_span;

struct Range {
  std::byte* begin = nullptr;
  std::byte* end = nullptr;

  std::byte* take(std::size_t bytes) {
    if (static_cast<std::size_t>(end - begin) < bytes) return nullptr;
    std::byte* taken = begin;
    begin += bytes;
    return taken;
  }
};

struct Freed {
  Freed* next;
};

/// What a thread has at hand. An object that another thread made is used again by the one that
/// freed it; what is left when a thread ends is lost.
struct Pool {
  std::array<Freed*, largest / grain + 1> freed{};
  std::array<Range, largest / grain + 1> spans{};
  Range chunk;
};
thread_local constinit Pool pool;

/// Null when the region is used up.
void* take_from_new_span(std::size_t grains) {
  std::byte* begin = pool.chunk.take(span_bytes);
  if (begin == nullptr) {
    const std::size_t used = region_used.fetch_add(chunk_bytes, std::memory_order_relaxed);
    if (used > region_bytes - chunk_bytes) return nullptr;
    pool.chunk = {region + used, region + used + chunk_bytes};
    begin = pool.chunk.take(span_bytes);
  }
  grains_in_span[static_cast<std::size_t>(begin - region) / span_bytes] =
      static_cast<std::uint8_t>(grains);
  pool.spans[grains] = {begin, begin + span_bytes};
  return pool.spans[grains].take(grains * grain);
}

/// Null for what the pool does not have.
void* take(std::size_t bytes) {
  if (region_size == 0 || bytes > largest) return nullptr;
  const std::size_t grains = bytes == 0 ? 1 : (bytes + grain - 1) / grain;
  if (Freed* object = pool.freed[grains]) {
    pool.freed[grains] = object->next;
    return object;
  }
  if (void* object = pool.spans[grains].take(grains * grain)) return object;
  return take_from_new_span(grains);
}

void give_back(void* object) {
  const std::size_t place =
      reinterpret_cast<std::uintptr_t>(object) - reinterpret_cast<std::uintptr_t>(region);
  if (place >= region_size) return std::free(object);
  Freed*& first = pool.freed[grains_in_span[place / span_bytes]];
  first = new (object) Freed{first};
}

}  // namespace

void use_compile_heap() {
  mallopt(M_TOP_PAD, 256 << 20);        // of address space: what is not touched takes no memory
  mallopt(M_TRIM_THRESHOLD, 1 << 30);   // of free memory at the end of the heap
  mallopt(M_MMAP_THRESHOLD, 32 << 20);  // the most there may be
  void* addresses = ::mmap(nullptr, region_bytes, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (addresses == MAP_FAILED) return;
  region = static_cast<std::byte*>(addresses);
  region_size = region_bytes;
}

#else

void use_compile_heap() {}

#endif

}  // namespace inarch

#ifdef INARCH_COMPILE_HEAP

// The library's other forms of new and delete, but those for greater alignments, call these.

void* operator new(std::size_t bytes) {
  if (void* object = inarch::take(bytes)) return object;
  for (;;) {
    if (void* object = std::malloc(bytes == 0 ? 1 : bytes)) return object;
    const std::new_handler handler = std::get_new_handler();
    if (handler == nullptr) throw std::bad_alloc();
    handler();
  }
}

void operator delete(void* object) noexcept { inarch::give_back(object); }
void operator delete(void* object, std::size_t) noexcept { inarch::give_back(object); }

#endif
