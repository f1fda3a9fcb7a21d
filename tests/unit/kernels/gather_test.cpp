#include "runtime/kernels/gather.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace inarch {
namespace {

using Bytes = std::vector<unsigned char>;

Bytes noise(std::size_t count) {
  std::mt19937 generator(6);
  Bytes bytes(count);
  for (unsigned char& byte : bytes) byte = static_cast<unsigned char>(generator());
  return bytes;
}

// One element after another, each found by its index.
void copy_slowly(const unsigned char* source, unsigned char* target, int width,
                 std::span<const CopyDim> dims) {
  if (dims.empty()) {
    std::memcpy(target, source, static_cast<std::size_t>(width));
    return;
  }
  for (std::int64_t i = 0; i < dims[0].size; ++i) {
    copy_slowly(source + i * dims[0].source_stride * width,
                target + i * dims[0].target_stride * width, width, dims.subspan(1));
  }
}

std::int64_t reach(std::span<const CopyDim> dims, std::int64_t CopyDim::*stride, int sign) {
  std::int64_t sum = 0;
  for (const CopyDim& dim : dims)
    sum += std::max<std::int64_t>(0, sign * dim.*stride * (dim.size - 1));
  return sum;
}

void expect_copied(const std::vector<CopyDim>& dims, int width) {
  const auto size = [&](std::int64_t CopyDim::*stride) {
    return static_cast<std::size_t>((reach(dims, stride, 1) + reach(dims, stride, -1) + 1) *
                                    width) +
           2;
  };
  // An odd start: elements need no alignment. One byte on each side must stay.
  const Bytes source = noise(size(&CopyDim::source_stride));
  Bytes want(size(&CopyDim::target_stride), 0x55);
  Bytes got = want;
  const auto* from = source.data() + 1 + reach(dims, &CopyDim::source_stride, -1) * width;
  const auto at = 1 + reach(dims, &CopyDim::target_stride, -1) * width;
  copy_slowly(from, want.data() + at, width, dims);
  strided_copy(from, got.data() + at, width, dims);
  ASSERT_TRUE(got == want) << "width " << width << ", rank " << dims.size();
}

TEST(StridedCopy, ShapesOfPractice) {
  for (const int width : {1, 2, 4, 8}) {
    expect_copied({}, width);
    expect_copied({{100, 1, 1}}, width);
    expect_copied({{100, 0, 1}}, width);
    expect_copied({{100, -1, 1}}, width);
    expect_copied({{100, 3, 1}}, width);
    expect_copied({{100, 1, 3}}, width);
    expect_copied({{100, -2, -5}}, width);
    expect_copied({{7, 40, 33}, {33, 1, 1}}, width);           // rows of a slice
    expect_copied({{7, 0, 33}, {33, 1, 1}}, width);            // one row, repeated
    expect_copied({{7, 1, 33}, {33, 0, 1}}, width);            // each element, repeated
    expect_copied({{50, 2, 1}, {2, 1, 50}}, width);            // pairs, taken apart
    expect_copied({{64, 4, 4}, {2, 1, 2}, {2, 2, 1}}, width);  // the middle of pairs swapped
    expect_copied({{9, 14, 14}, {7, 2, 2}, {2, 1, 1}}, width);
    expect_copied({{9, 15, 14}, {7, 2, 2}, {2, 1, 1}}, width);
    expect_copied({{9, 2, 2}, {5, 18, 36}, {2, 1, 1}}, width);
  }
}

TEST(StridedCopy, Transpositions) {
  for (const int width : {1, 2, 4, 8}) {
    for (const auto& [rows, columns] :
         {std::pair{64, 64}, {65, 130}, {1, 200}, {200, 1}, {3, 77}, {128, 8}, {31, 31}}) {
      expect_copied({{rows, 1, columns}, {columns, rows, 1}}, width);
      expect_copied({{rows, 1, columns + 3}, {columns, rows + 5, 1}}, width);
      expect_copied({{rows, 1, -columns}, {columns, -rows, 1}}, width);
    }
    // The dims between and outside of the plane.
    expect_copied({{3, 70 * 66, 70 * 66}, {66, 1, 70}, {70, 66, 1}}, width);
    expect_copied({{66, 1, 350}, {5, 66, 70}, {70, 330, 1}}, width);
  }
}

TEST(StridedCopy, AnyNest) {
  std::mt19937 random(7);
  for (int round = 0; round < 3000; ++round) {
    const std::size_t rank = random() % 6;
    std::vector<CopyDim> dims(rank);
    std::vector<std::size_t> order(rank);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::shuffle(order.begin(), order.end(), random);
    std::int64_t room = 1 + random() % 2;
    for (const std::size_t d : order) {
      dims[d].size = 1 + static_cast<std::int64_t>(random() % 9);
      dims[d].source_stride = static_cast<std::int64_t>(random() % 13) - 4;
      dims[d].target_stride = random() % 4 == 0 ? -room : room;
      room *= dims[d].size + static_cast<std::int64_t>(random() % 2);
    }
    for (const int width : {1, 2, 4, 8}) expect_copied(dims, width);
  }
}

TEST(StridedCopy, MoreDimsThanSizes) {
  std::vector<CopyDim> dims(200, CopyDim{1, 3, 5});
  for (std::int64_t d = 0; d < 10; ++d) {
    dims[static_cast<std::size_t>(20 * d)] = {2, std::int64_t{1} << d, std::int64_t{512} >> d};
  }
  for (const int width : {1, 2, 4, 8}) expect_copied(dims, width);
  dims[7].size = 0;
  expect_copied(dims, 2);
}

// Where each element of a view is found, in row-major order.
std::vector<std::int64_t> places(std::span<const ViewDim> dims, std::int64_t offset) {
  std::vector<std::int64_t> result = {offset};
  for (const ViewDim& dim : dims) {
    std::vector<std::int64_t> next;
    for (const std::int64_t place : result) {
      for (std::int64_t i = 0; i < dim.size; ++i) next.push_back(place + i * dim.stride);
    }
    result = next;
  }
  return result;
}

void expect_every_part(std::span<const ViewDim> dims, int width) {
  constexpr std::int64_t offset = 40;
  const Bytes source = noise(100 * static_cast<std::size_t>(width));
  const std::vector<std::int64_t> from = places(dims, offset);
  const auto total = static_cast<std::int64_t>(from.size());
  const auto element = static_cast<std::size_t>(width);
  for (std::int64_t begin = 0; begin <= total; ++begin) {
    for (std::int64_t end = begin; end <= total; ++end) {
      Bytes got(static_cast<std::size_t>(end - begin) * element + 1, 0x55);
      copy_view_range(source.data() + offset * width, width, dims, begin, end, got.data());
      for (std::int64_t i = begin; i < end; ++i) {
        const auto* want = source.data() + from[static_cast<std::size_t>(i)] * width;
        ASSERT_EQ(std::memcmp(want, got.data() + (i - begin) * width, element), 0);
      }
      ASSERT_EQ(got.back(), 0x55);
    }
  }
}

TEST(CopyViewRange, EveryPartOfAView) {
  const std::vector<std::vector<ViewDim>> views = {{{5, 7}, {7, 1}},          {{7, 1}, {5, 7}},
                                                   {{3, -7}, {4, 0}, {2, 3}}, {{1, 9}, {35, -1}},
                                                   {{2, 1}, {3, 10}, {5, 2}}, {}};
  for (const auto& dims : views) {
    for (const int width : {1, 2, 4, 8}) expect_every_part(dims, width);
  }
}

}  // namespace
}  // namespace inarch
