#include "runtime/cli/compile_heap.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <sys/resource.h>

namespace inarch {
namespace {

/// Objects of all sizes around those of the pool, made and given back in no order. Each is filled
/// with a byte of its own, which is still there when it is given back: no two objects overlap.
class Churn {
 public:
  explicit Churn(std::uint32_t seed) : random_(seed) {}
  ~Churn() {
    while (!objects_.empty()) drop(objects_.size() - 1);
  }

  void step() {
    const bool grows = objects_.size() < 2000 || (objects_.size() < 6000 && random_() % 2 == 0);
    if (grows) return make();
    drop(random_() % objects_.size());
  }
  bool is_good() const { return is_good_; }
  std::vector<std::pair<unsigned char*, std::size_t>> release() {
    return std::exchange(objects_, {});
  }
  void adopt(const std::vector<std::pair<unsigned char*, std::size_t>>& objects) {
    objects_.insert(objects_.end(), objects.begin(), objects.end());
  }

 private:
  static unsigned char fill(const unsigned char* object, std::size_t size) {
    return static_cast<unsigned char>(reinterpret_cast<std::uintptr_t>(object) / 16 + size);
  }
  void make() {
    const std::size_t size = random_() % 600;
    auto* object = static_cast<unsigned char*>(::operator new(size));
    is_good_ &= reinterpret_cast<std::uintptr_t>(object) % 16 == 0;
    std::memset(object, fill(object, size), size);
    objects_.emplace_back(object, size);
  }
  void drop(std::size_t k) {
    std::swap(objects_[k], objects_.back());
    const auto [object, size] = objects_.back();
    objects_.pop_back();
    is_good_ &= std::all_of(
        object, object + size,
        [&, expected = fill(object, size)](unsigned char byte) { return byte == expected; });
    ::operator delete(object);
  }

  std::mt19937 random_;
  std::vector<std::pair<unsigned char*, std::size_t>> objects_;
  bool is_good_ = true;
};

bool churns_well() {
  Churn before(1);
  for (int k = 0; k < 3000; ++k) before.step();  // the system's, given back to it later
  use_compile_heap();
  bool is_good = true;
  std::vector<std::pair<unsigned char*, std::size_t>> handed_over;
  Churn mine(2);
  std::thread other([&] {
    Churn theirs(3);
    for (int k = 0; k < 100000; ++k) theirs.step();
    is_good = theirs.is_good();
    handed_over = theirs.release();
  });
  for (int k = 0; k < 100000; ++k) mine.step();
  other.join();
  mine.adopt(handed_over);
  for (int k = 0; k < 100000; ++k) {
    mine.step();
    before.step();
  }
  return is_good && mine.is_good() && before.is_good();
}

// In processes of their own: a heap is chosen once.

TEST(CompileHeap, GivesEveryObjectItsOwnBytes) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(std::_Exit(churns_well() ? 0 : 1), testing::ExitedWithCode(0), "");
}

#ifndef INARCH_SANITIZED
TEST(CompileHeap, IsTheSystemsWhereAddressesAreFew) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto limited = [] {
    constexpr rlim_t bytes = rlim_t{2} << 30;
    const rlimit limit{bytes, bytes};
    return ::setrlimit(RLIMIT_AS, &limit) == 0 && churns_well();
  };
  EXPECT_EXIT(std::_Exit(limited() ? 0 : 1), testing::ExitedWithCode(0), "");
}
#endif

}  // namespace
}  // namespace inarch
