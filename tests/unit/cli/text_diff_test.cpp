#include "runtime/cli/text_diff.h"

#include <random>
#include <sstream>
#include <vector>

#include <gtest/gtest.h>

namespace inarch {
namespace {

TEST(TextDiff, ShowsChangesWithContext) {
  EXPECT_EQ(unified_diff("f", "a\n", "a\n"), "");
  EXPECT_EQ(unified_diff("f", "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n"),
            "--- f\n+++ f\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
  EXPECT_EQ(unified_diff("f", "", "a\n"), "--- f\n+++ f\n@@ -0,0 +1 @@\n+a\n");
  EXPECT_EQ(unified_diff("f", "a\nb", "a\n"),
            "--- f\n+++ f\n@@ -1,2 +1 @@\n a\n-b\n\\ No newline at end of file\n");
}

/// What `patch` does.
std::string applied(const std::string& before, const std::string& diff) {
  std::vector<std::string> lines;
  std::istringstream in(before);
  for (std::string line; std::getline(in, line);) lines.push_back(line + "\n");
  std::string out;
  std::size_t at = 0;
  std::istringstream hunks(diff);
  std::string line;
  std::getline(hunks, line);
  std::getline(hunks, line);
  while (std::getline(hunks, line)) {
    if (line.starts_with("@@")) {
      std::size_t first = std::stoul(line.substr(4));
      const bool none = line.substr(4, line.find(' ', 4) - 4).ends_with(",0");
      if (!none) --first;
      while (at < first) out += lines[at++];
    } else if (line[0] == '+') {
      out += line.substr(1) + "\n";
    } else {
      EXPECT_EQ(lines.at(at), line.substr(1) + "\n");
      if (line[0] == ' ') out += lines[at];
      ++at;
    }
  }
  while (at < lines.size()) out += lines[at++];
  return out;
}

TEST(TextDiff, TurnsOneTextIntoTheOther) {
  std::mt19937 random(7);
  for (int round = 0; round < 500; ++round) {
    std::string texts[2];
    for (std::string& text : texts) {
      for (unsigned k = random() % 30; k > 0; --k)
        text += std::string(1, "abcd"[random() % 4]) + "\n";
    }
    const std::string diff = unified_diff("f", texts[0], texts[1]);
    if (texts[0] == texts[1]) continue;
    ASSERT_EQ(applied(texts[0], diff), texts[1]) << diff;
  }
}

TEST(TextDiff, TakesTextsThatHaveNothingInCommon) {
  std::string a;
  std::string b;
  for (int k = 0; k < 5000; ++k) {
    a += "a" + std::to_string(k) + "\n";
    b += "b" + std::to_string(k) + "\n";
  }
  EXPECT_EQ(applied(a, unified_diff("f", a, b)), b);
}

}  // namespace
}  // namespace inarch
