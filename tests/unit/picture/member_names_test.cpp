#include "compiler/picture/member_names.h"

#include <gtest/gtest.h>

#include "compiler/core/json.h"

namespace inarch {
namespace {

std::string text(const std::vector<std::string>& names,
                 const std::vector<std::vector<std::int64_t>>& repeats) {
  std::vector<const std::string*> pointers;
  for (const std::string& name : names) pointers.push_back(&name);
  RepeatNumbers numbers;
  for (const auto& repeat : repeats) numbers.push_back(&repeat);
  return write_json(member_names(pointers, numbers), JsonStyle::compact);
}

TEST(MemberNames, SaysOnceWhatIsTheSame) {
  EXPECT_EQ(text({"model.norm", "model.norm"}, {{0, 1}}), R"("model.norm")");
}

TEST(MemberNames, FollowsTheNumbersOfTheOutput) {
  EXPECT_EQ(text({"l.4.w", "l.5.w"}, {{0, 1}}), R"([["l.", ".w"], [[0, 4]]])");
  EXPECT_EQ(text({"l.0.e.0", "l.0.e.1", "l.1.e.0", "l.1.e.1"}, {{0, 1}, {0, 1}}),
            R"([["l.", ".e.", ""], [[0, 0], [1, 0]]])");
}

TEST(MemberNames, ListsNumbersThatFollowFromNothing) {
  EXPECT_EQ(text({"l.3.w", "l.1.w", "l.1.w"}, {{0, 1, 2}}),
            R"([["l.", ".w"], [{"each": [3, 1, 1, 2]}]])");
}

TEST(MemberNames, KeepsAPlaceThatIsTheSame) {
  EXPECT_EQ(text({"a.7.l.0", "a.7.l.1"}, {{0, 1}}),
            R"([["a.", ".l.", ""], [{"each": 7}, [0, 0]]])");
}

TEST(MemberNames, ListsNamesThatHaveNothingInCommon) {
  EXPECT_EQ(text({"a.0", "b.0"}, {{0, 1}}), R"({"names": ["a.0", "b.0"]})");
}

TEST(MemberNames, CountsRuns) {
  EXPECT_EQ(write_json(run_lengths({5, 5, 5}), JsonStyle::compact), "5");
  EXPECT_EQ(write_json(run_lengths({5, 5, 6}), JsonStyle::compact), "[5, 2, 6, 1]");
}

}  // namespace
}  // namespace inarch
