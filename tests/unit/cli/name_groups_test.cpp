#include "runtime/cli/name_groups.h"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

namespace inarch {
namespace {

std::vector<std::string> texts(const std::vector<NameGroup>& groups) {
  std::vector<std::string> out;
  for (const NameGroup& group : groups)
    out.push_back(group.text() + " " + std::to_string(group.members.size()));
  return out;
}

std::vector<std::string> grouped(const std::vector<std::string>& names) {
  return texts(group_names(names, std::vector<std::string>(names.size())));
}

using Texts = std::vector<std::string>;

TEST(NameGroups, JoinsLayersInNaturalOrder) {
  EXPECT_EQ(grouped({"m.10.w", "m.9.w", "lm_head", "m.11.w", "m.8.w"}),
            (Texts{"lm_head 1", "m.{8..11}.w 4"}));
}

TEST(NameGroups, WritesFewNumbersOneByOne) {
  EXPECT_EQ(grouped({"m.5.w", "m.11.w", "m.12.w"}), Texts{"m.{5,11,12}.w 3"});
  EXPECT_EQ(grouped({"m.5.w"}), Texts{"m.5.w 1"});
}

TEST(NameGroups, JoinsTwoNumbersWhereAllCombinationsAreThere) {
  Texts names;
  for (int layer = 3; layer < 7; ++layer) {
    for (int expert = 0; expert < 12; ++expert)
      names.push_back("l." + std::to_string(layer) + ".e." + std::to_string(expert) + ".w");
  }
  std::shuffle(names.begin(), names.end(), std::mt19937(7));
  EXPECT_EQ(grouped(names), Texts{"l.{3..6}.e.{0..11}.w 48"});
}

TEST(NameGroups, ClaimsNoCombinationThatIsNotThere) {
  EXPECT_EQ(grouped({"l.0.e.0", "l.0.e.1", "l.1.e.0", "l.2.e.0", "l.2.e.1"}),
            (Texts{"l.{0,2}.e.{0,1} 4", "l.1.e.0 1"}));
}

TEST(NameGroups, KeepsKindsApart) {
  const auto groups = group_names({"l.0", "l.1", "l.2", "l.3"}, {"[4]", "[8]", "[4]", "[4]"});
  EXPECT_EQ(texts(groups), (Texts{"l.{0,2,3} 3", "l.1 1"}));
  EXPECT_EQ(groups[0].members, (std::vector<std::size_t>{0, 2, 3}));
}

TEST(NameGroups, LeavesOtherSpellingsOfNumbersAlone) {
  EXPECT_EQ(
      grouped({"l.07", "l.7", "l.1234567890", "l.7a", "l..7", "", ".", "l.-1"}),
      (Texts{" 1", ". 1", "l.-1 1", "l..7 1", "l.07 1", "l.7 1", "l.7a 1", "l.1234567890 1"}));
}

TEST(NameGroups, EveryNameIsInOneGroup) {
  std::mt19937 random(3);
  Texts names, kinds;
  for (int i = 0; i < 400; ++i) {
    const std::string name = std::to_string(random() % 6) + ".x." + std::to_string(random() % 9) +
                             (random() % 2 ? ".y" : ".z");
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    names.push_back(name);
    kinds.push_back(random() % 3 ? "a" : "b");
  }
  std::vector<int> seen(names.size(), 0);
  for (const NameGroup& group : group_names(names, kinds)) {
    std::size_t product = 1;
    for (const auto& numbers : group.numbers) product *= numbers.size();
    EXPECT_EQ(product, group.members.size());
    for (const std::size_t member : group.members) {
      ++seen[member];
      EXPECT_EQ(kinds[member], kinds[group.members.front()]);
    }
  }
  EXPECT_EQ(seen, std::vector<int>(names.size(), 1));
}

TEST(NameGroups, CutsLongListsInTheMiddle) {
  Texts names;
  for (int layer = 0; layer < 60; ++layer) {
    if (layer % 6 != 5) names.push_back("l." + std::to_string(layer));
  }
  const auto groups = group_names(names, Texts(names.size()));
  ASSERT_EQ(groups.size(), 1u);
  EXPECT_EQ(groups[0].text(4), "l.{0..4,6..10,12..16,…,54..58}");
  EXPECT_EQ(groups[0].text(10), groups[0].text());
}

TEST(NameGroups, TellsMembersApart) {
  const auto groups =
      group_names({"l.0.e.4.f.9", "l.0.e.5.f.9", "l.1.e.4.f.9", "l.1.e.5.f.9"}, Texts(4));
  ASSERT_EQ(groups.size(), 1u);
  EXPECT_EQ(groups[0].tell_apart("l.1.e.4.f.9"), "1.4");
  EXPECT_EQ(single_names({"l.0"})[0].tell_apart("l.0"), "");
}

TEST(NameGroups, SingleNamesComeInNaturalOrder) {
  EXPECT_EQ(texts(single_names({"l.10", "l.9", "a"})), (Texts{"a 1", "l.9 1", "l.10 1"}));
}

}  // namespace
}  // namespace inarch
