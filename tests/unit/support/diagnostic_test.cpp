#include "compiler/support/diagnostic.h"

#include <gtest/gtest.h>

#include "compiler/support/result.h"

namespace inarch {
namespace {

TEST(Diagnostic, IsBuiltInOneExpression) {
  const Diagnostic d = error("E203", "no such tensor")
                           .at({1, 4, 8}, "matches nothing")
                           .also({1, 0, 2}, "declared here")
                           .also({}, "nowhere")
                           .note("a note")
                           .hint("try this");
  EXPECT_EQ(d.code, "E203");
  EXPECT_EQ(d.primary.text, "matches nothing");
  ASSERT_EQ(d.secondary.size(), 1u);
  EXPECT_EQ(d.secondary[0].text, "declared here");
  EXPECT_EQ(d.notes, std::vector<std::string>{"a note"});
  EXPECT_EQ(d.help, "try this");
}

TEST(Diagnostics, WarningsAreNoErrors) {
  Diagnostics all;
  all.add(warning("W103", "w"));
  EXPECT_FALSE(all.has_errors());
  all.add(error("E101", "e"));
  EXPECT_TRUE(all.has_errors());
  EXPECT_EQ(all.errors(), 1u);
  EXPECT_EQ(all.list().size(), 2u);
}

TEST(Diagnostics, SortByPlaceKeepsTheOrderOfArrivalOtherwise) {
  Diagnostics all;
  all.add(error("E1", "").in("file"));
  all.add(error("E2", "").at({2, 0, 1}));
  all.add(error("E3", "").at({1, 9, 10}));
  all.add(error("E4", "").at({1, 9, 12}));
  all.add(error("E5", "").in("other"));
  all.add(error("E6", "").at({1, 3, 4}));
  all.sort_by_place();
  std::string order;
  for (const Diagnostic& d : all.list()) order += d.code;
  EXPECT_EQ(order, "E6E3E4E2E1E5");
}

TEST(Result, HoldsAValueOrAReason) {
  const Result<int> value = 3;
  const Result<int> failure = error("E101", "no");
  EXPECT_TRUE(value.ok());
  EXPECT_EQ(*value, 3);
  EXPECT_FALSE(failure);
  EXPECT_EQ(failure.error().code, "E101");
  EXPECT_TRUE(Status().ok());
  EXPECT_FALSE(Status(error("E101", "no")));
}

}  // namespace
}  // namespace inarch
