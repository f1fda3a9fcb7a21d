#include "runtime/executor/arena.h"

#include <algorithm>
#include <new>
#include <stdexcept>
#include <utility>

#include <sys/mman.h>

#include "compiler/plan/memory_model.h"

namespace inarch {

namespace {

constexpr std::int64_t page = 4096;

std::int64_t round_up(std::int64_t bytes, std::int64_t to) { return (bytes + to - 1) / to * to; }

}  // namespace

Block::Block(std::int64_t bytes) : size_(bytes) {
  if (bytes == 0) return;
  void* memory = ::mmap(nullptr, static_cast<std::size_t>(bytes), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  data_ = static_cast<std::byte*>(memory);
}

Block::Block(Block&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Block& Block::operator=(Block&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

Block::~Block() {
  if (data_ != nullptr) ::munmap(data_, static_cast<std::size_t>(size_));
}

Arena::Arena(std::int64_t most) : block_(round_up(most, page)) {
  // Huge pages would make memory resident beyond the limit.
  if (block_.size() > 0) {
    ::madvise(block_.data(), static_cast<std::size_t>(block_.size()), MADV_NOHUGEPAGE);
  }
}

void Arena::set_limit(std::int64_t bytes) {
  touched_ = std::max(touched_, high_water_);
  const std::int64_t keep = round_up(bytes, page);
  const std::int64_t end = std::min(round_up(touched_, page), block_.size());
  if (end > keep) {
    ::madvise(block_.data() + keep, static_cast<std::size_t>(end - keep), MADV_DONTNEED);
    touched_ = keep;
  }
  limit_ = bytes;
  used_ = 0;
  high_water_ = 0;
}

void* Arena::take(std::int64_t bytes) {
  const std::int64_t size = round_up(bytes, scratch::alignment);
  if (size > limit_ - used_) throw std::length_error("scratch memory beyond what was planned");
  void* memory = block_.data() + used_;
  used_ += size;
  high_water_ = std::max(high_water_, used_);
  return memory;
}

}  // namespace inarch
