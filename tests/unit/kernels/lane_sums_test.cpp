#include "runtime/kernels/lane_sums.h"

#include <cmath>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace inarch {
namespace {

/// One element after another, each to its lane.
template <typename T>
std::vector<double> expected(const std::vector<std::uint8_t>& mask, std::int64_t first,
                             const std::vector<T>& values, std::int64_t position) {
  std::vector<double> lanes(sum_lanes, 0.25);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto bit = static_cast<std::size_t>(first) + i;
    if (((mask[bit / 8] >> (bit % 8)) & 1) == 0) continue;
    const auto lane = (static_cast<std::size_t>(position) + i) % sum_lanes;
    lanes[lane] += std::abs(static_cast<double>(values[i]));
  }
  return lanes;
}

template <typename T>
void agree_with_one_by_one() {
  std::mt19937_64 random(7);
  std::normal_distribution<double> normal;
  for (const std::int64_t n : {1, 7, 63, 64, 65, 200, 1000}) {
    for (const std::int64_t position : {0, 1, 63, 64, 128, 1001}) {
      for (const std::int64_t first : {0, 3, 8, 64}) {
        std::vector<T> values(static_cast<std::size_t>(n));
        for (T& value : values) value = static_cast<T>(normal(random));
        std::vector<std::uint8_t> mask(static_cast<std::size_t>(first + n) / 8 + 1);
        for (std::uint8_t& byte : mask) byte = static_cast<std::uint8_t>(random());
        std::vector<double> lanes(sum_lanes, 0.25);
        add_masked_magnitudes(mask.data(), first, values.data(), n, position, lanes.data());
        EXPECT_EQ(lanes, expected(mask, first, values, position)) << n << ' ' << position;
        const std::vector<std::uint8_t> all(mask.size(), 0xff);
        std::vector<double> whole(sum_lanes, 0.25);
        add_magnitudes(values.data(), n, position, whole.data());
        EXPECT_EQ(whole, expected(all, first, values, position)) << n << ' ' << position;
      }
    }
  }
}

TEST(LaneSums, MagnitudesOfFloatsAreThoseOneByOne) { agree_with_one_by_one<float>(); }
TEST(LaneSums, MagnitudesOfDoublesAreThoseOneByOne) { agree_with_one_by_one<double>(); }

}  // namespace
}  // namespace inarch
