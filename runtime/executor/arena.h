#pragma once

#include <cstddef>
#include <cstdint>

namespace inarch {

/// Anonymous memory straight from the system, so that giving it back is certain. Zeroed.
class Block {
 public:
  Block() = default;
  /// Throws std::bad_alloc when the system has no address space left.
  explicit Block(std::int64_t bytes);
  Block(Block&& other) noexcept;
  Block& operator=(Block&& other) noexcept;
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  ~Block();

  std::byte* data() const { return data_; }
  std::int64_t size() const { return size_; }

 private:
  std::byte* data_ = nullptr;
  std::int64_t size_ = 0;
};

/// The scratch memory of one worker: a stack with a limit that is set for each unit of work, as the
/// memory model states it. Pages above the limit are given back to the system.
class Arena {
 public:
  /// `most` is the largest limit there will be.
  explicit Arena(std::int64_t most);

  /// Empties the stack. Pages beyond `bytes` are released.
  void set_limit(std::int64_t bytes);
  /// Uninitialised, aligned for any kernel. Going over the limit is a fault of the memory model and
  /// throws std::length_error.
  void* take(std::int64_t bytes);
  template <typename T>
  T* take_elements(std::int64_t n) {
    return static_cast<T*>(take(n * static_cast<std::int64_t>(sizeof(T))));
  }

  std::int64_t used() const { return used_; }
  void release_to(std::int64_t used) { used_ = used; }
  /// The highest use since the last set_limit.
  std::int64_t high_water() const { return high_water_; }

 private:
  Block block_;
  std::int64_t limit_ = 0;
  std::int64_t used_ = 0;
  std::int64_t high_water_ = 0;
  std::int64_t touched_ = 0;  // pages below may be resident
};

/// Gives back what was taken from an arena in a scope.
class ArenaScope {
 public:
  explicit ArenaScope(Arena& arena) : arena_(arena), used_(arena.used()) {}
  ~ArenaScope() { arena_.release_to(used_); }
  ArenaScope(const ArenaScope&) = delete;
  ArenaScope& operator=(const ArenaScope&) = delete;

 private:
  Arena& arena_;
  std::int64_t used_;
};

}  // namespace inarch
