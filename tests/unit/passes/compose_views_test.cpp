#include "compiler/passes/compose_views.h"

#include <random>

#include <gtest/gtest.h>

#include "tests/unit/ir/graph_values.h"

namespace inarch {
namespace {

std::int64_t elements(const ViewOp& view) {
  std::int64_t count = 1;
  for (const ViewDim& dim : view.dims) count *= dim.size;
  return count;
}

Values viewed(const ViewOp& view, const Values& input) {
  return OpValues{{&input}, elements(view)}(view);
}

Values counting(std::int64_t n) {
  Values values;
  for (std::int64_t k = 0; k < n; ++k) values.push_back(static_cast<double>(k));
  return values;
}

/// Any view that stays inside `count` elements; mostly of the kinds that transforms make.
ViewOp random_view(std::mt19937_64& random, std::int64_t count) {
  const auto one_of = [&](std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random);
  };
  ViewOp view;
  std::int64_t room = count - 1, low = 0;
  std::int64_t weight = 1;
  for (std::int64_t d = one_of(0, 4); d > 0; --d) {
    std::int64_t stride = one_of(0, 3) == 0 ? one_of(0, std::max<std::int64_t>(room, 0)) : weight;
    if (one_of(0, 4) == 0) stride = 0;
    const std::int64_t most = stride == 0 ? 3 : room / stride + 1;
    const std::int64_t size = one_of(1, std::max<std::int64_t>(1, std::min<std::int64_t>(most, 5)));
    room -= stride * (size - 1);
    const bool backwards = one_of(0, 3) == 0;
    if (backwards) low += stride * (size - 1);
    view.dims.insert(view.dims.begin(), {size, backwards ? -stride : stride});
    if (stride > 0) weight = stride * size;
  }
  view.offset = low + one_of(0, room);
  if (one_of(0, 1) == 1) std::shuffle(view.dims.begin(), view.dims.end(), random);
  return view;
}

TEST(ComposeViews, AgreesWithTakingOneAfterTheOther) {
  std::mt19937_64 random(7);
  int composed = 0;
  for (int k = 0; k < 20000; ++k) {
    const std::int64_t count = std::uniform_int_distribution<std::int64_t>(1, 60)(random);
    const ViewOp inner = random_view(random, count);
    const ViewOp outer = random_view(random, elements(inner));
    const auto both = compose(outer, inner);
    if (!both) continue;
    ++composed;
    const Values input = counting(count);
    ASSERT_EQ(viewed(*both, input), viewed(outer, viewed(inner, input))) << k;
  }
  EXPECT_GT(composed, 8000);
}

TEST(ComposeViews, NormalizingKeepsTheElements) {
  std::mt19937_64 random(8);
  for (int k = 0; k < 5000; ++k) {
    const ViewOp view = random_view(random, 50);
    const ViewOp n = normalized(view);
    ASSERT_EQ(viewed(n, counting(50)), viewed(view, counting(50)));
    ASSERT_LE(n.dims.size(), std::max<std::size_t>(1, view.dims.size()));
    const Values elements_of = viewed(view, counting(50));
    bool contiguous = true;
    for (std::size_t i = 1; i < elements_of.size(); ++i)
      contiguous = contiguous && elements_of[i] == elements_of[i - 1] + 1;
    EXPECT_EQ(is_contiguous(view), contiguous);
  }
}

TEST(ComposeViews, ATransposeOfATransposeIsNothing) {
  const ViewOp there{0, {{5, 1}, {7, 5}}};
  const ViewOp back{0, {{7, 1}, {5, 7}}};
  const auto both = compose(back, there);
  ASSERT_TRUE(both);
  EXPECT_EQ(both->offset, 0);
  EXPECT_EQ(both->dims, (std::vector<ViewDim>{{35, 1}}));
}

TEST(ComposeViews, LeavesEmptyViewsAlone) {
  EXPECT_FALSE(compose({0, {{0, 1}}}, {0, {{4, 1}}}));
  EXPECT_FALSE(compose({0, {{4, 1}}}, {0, {{0, 1}, {4, 1}}}));
}

}  // namespace
}  // namespace inarch
