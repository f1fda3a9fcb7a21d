#include "compiler/picture/outline.h"

#include <gtest/gtest.h>

namespace inarch {
namespace {

/// One line a node: "layers/{0–1}/a [0 2]".
std::string text(const std::vector<OutlineNode>& nodes, const std::string& above = "") {
  std::string out;
  for (const OutlineNode& node : nodes) {
    const std::string own =
        node.numbers.empty() ? node.label : "{" + number_ranges(node.numbers) + "}";
    const std::string path = above.empty() ? own : above + "/" + own;
    if (node.is_leaf()) {
      out += path + " [";
      for (std::size_t k = 0; k < node.members.size(); ++k)
        out += (k > 0 ? " " : "") + std::to_string(node.members[k]);
      out += "]\n";
    }
    out += text(node.children, path);
  }
  return out;
}

TEST(Outline, SaysWhatRepeatsOnce) {
  EXPECT_EQ(
      text(make_outline({"layers.0.a", "layers.1.a", "layers.0.b", "layers.1.b"}, {0, 0, 1, 1})),
      "layers/{0–1}/a [0 1]\n"
      "layers/{0–1}/b [2 3]\n");
}

TEST(Outline, KeepsApartWhatIsNotAlike) {
  EXPECT_EQ(text(make_outline({"m.0.a", "m.1.a", "m.2.a"}, {0, 1, 0})),
            "m/{0, 2}/a [0 2]\n"
            "m/{1}/a [1]\n");
  EXPECT_EQ(text(make_outline({"m.0.a", "m.1.a", "m.1.b"}, {0, 0, 0})),
            "m/{0}/a [0]\n"
            "m/{1}/a [1]\n"
            "m/{1}/b [2]\n");
}

TEST(Outline, OrdersMembersByNumberTheOutermostTheSlowest) {
  EXPECT_EQ(
      text(make_outline({"l.10.e.1.w", "l.2.e.1.w", "l.10.e.0.w", "l.2.e.0.w"}, {0, 0, 0, 0})),
      "l/{2, 10}/e/{0–1}/w [3 1 2 0]\n");
}

TEST(Outline, JoinsSegmentsThatDoNotBranch) {
  EXPECT_EQ(text(make_outline({"model.text.norm.weight", "model.text.embed.weight"}, {0, 1})),
            "model.text/embed.weight [1]\n"
            "model.text/norm.weight [0]\n");
}

TEST(Outline, TakesNamesThatEndWhereOthersGoOn) {
  EXPECT_EQ(text(make_outline({"a", "a.b", "a.0", "a.0.c"}, {0, 0, 0, 0})),
            "a [0]\n"
            "a/{0} [2]\n"
            "a/{0}/c [3]\n"
            "a/b [1]\n");
}

TEST(Outline, TakesNumbersAsPeopleCount) {
  EXPECT_EQ(text(make_outline({"a.007", "a.7", "a.-1", "a."}, {0, 0, 0, 0})),
            "a/ [3]\n"
            "a/-1 [2]\n"
            "a/007 [0]\n"
            "a/{7} [1]\n");
}

TEST(Outline, IsNotDeepForNamesOfManySegments) {
  std::string deep;
  for (int k = 0; k < 100'000; ++k) deep += "x.";
  const auto nodes = make_outline({deep, "x"}, {0, 0});
  std::size_t members = 0;
  for (const OutlineNode& node : nodes) members += node.members.size();
  EXPECT_EQ(members, 2);
}

TEST(Outline, WritesRanges) {
  EXPECT_EQ(number_ranges({0, 1, 2, 3}), "0–3");
  EXPECT_EQ(number_ranges({0, 1, 5}), "0–1, 5");
  EXPECT_EQ(number_ranges({0, 2, 4, 6, 8, 10}), "0, 2, …, 10");
}

}  // namespace
}  // namespace inarch
