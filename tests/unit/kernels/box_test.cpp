#include "runtime/kernels/box.h"

#include <vector>

#include <gtest/gtest.h>

namespace inarch {
namespace {

using Sizes = std::vector<std::int64_t>;
using Box = std::vector<BoxRange>;

std::int64_t elements(const Sizes& sizes) {
  std::int64_t product = 1;
  for (const std::int64_t size : sizes) product *= size;
  return product;
}

std::vector<Box> split(const Sizes& sizes, std::int64_t begin, std::int64_t end) {
  std::vector<Box> boxes;
  Box workspace(sizes.size());
  for_each_box(std::span<const std::int64_t>(sizes), begin, end, workspace,
               [&](std::span<const BoxRange> box) { boxes.emplace_back(box.begin(), box.end()); });
  return boxes;
}

// Flat numbers of a box's elements, in row-major order of the box.
std::vector<std::int64_t> flat(const Sizes& sizes, const Box& box) {
  std::vector<std::int64_t> result = {0};
  for (std::size_t d = 0; d < sizes.size(); ++d) {
    std::vector<std::int64_t> next;
    for (const std::int64_t outer : result) {
      for (std::int64_t i = 0; i < box[d].count; ++i) {
        next.push_back(outer * sizes[d] + box[d].begin + i);
      }
    }
    result = next;
  }
  return result;
}

// True when [begin, end) is one box: whole inner dims, a run of one dim, one index of the outer
// ones.
bool is_box(const Sizes& sizes, std::int64_t begin, std::int64_t end) {
  std::int64_t inner = 1;
  for (std::size_t d = sizes.size(); d-- > 0;) {
    const std::int64_t outer = inner * sizes[d];
    const bool aligned = begin % inner == 0 && end % inner == 0;
    if (aligned && begin / outer == (end - 1) / outer) return true;
    inner = outer;
  }
  return end - begin == 1;
}

std::size_t fewest(const Sizes& sizes, std::int64_t begin, std::int64_t end) {
  std::vector<std::size_t> best(static_cast<std::size_t>(end - begin) + 1, 0);
  for (std::int64_t to = begin + 1; to <= end; ++to) {
    std::size_t& count = best[static_cast<std::size_t>(to - begin)];
    count = 1000;
    for (std::int64_t from = begin; from < to; ++from) {
      if (!is_box(sizes, from, to)) continue;
      count = std::min(count, best[static_cast<std::size_t>(from - begin)] + 1);
    }
  }
  return best.back();
}

TEST(ForEachBox, CoversEveryRangeInOrderWithTheFewestBoxes) {
  for (const Sizes& sizes : {Sizes{12}, {3, 4}, {4, 1, 3}, {2, 3, 4}, {1, 5, 1}, {3, 2, 2, 2}}) {
    const std::int64_t total = elements(sizes);
    for (std::int64_t begin = 0; begin <= total; ++begin) {
      for (std::int64_t end = begin; end <= total; ++end) {
        const std::vector<Box> boxes = split(sizes, begin, end);
        std::int64_t next = begin;
        for (const Box& box : boxes) {
          for (const std::int64_t number : flat(sizes, box)) ASSERT_EQ(number, next++);
        }
        ASSERT_EQ(next, end);
        ASSERT_EQ(boxes.size(), fewest(sizes, begin, end)) << begin << " to " << end;
      }
    }
  }
}

TEST(ForEachBox, NeedsNoMoreThanTwicePerDimension) {
  const Sizes sizes = {10, 10, 10, 10, 10};
  EXPECT_EQ(split(sizes, 1, 99'999).size(), 9U);
  EXPECT_EQ(split(sizes, 0, 100'000).size(), 1U);
}

TEST(ForEachBox, ANestWithoutDimsIsOneElement) {
  EXPECT_EQ(split({}, 0, 1).size(), 1U);
  EXPECT_EQ(split({}, 0, 0).size(), 0U);
  EXPECT_EQ(split({0, 5}, 0, 0).size(), 0U);
}

}  // namespace
}  // namespace inarch
