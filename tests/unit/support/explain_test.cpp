#include "compiler/support/explain.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace inarch {
namespace {

TEST(Explain, FindsAPageByItsCode) {
  const std::optional<std::string_view> page = error_page("E108");
  ASSERT_TRUE(page.has_value());
  EXPECT_EQ(page->rfind("# E108: ", 0), 0u);
  EXPECT_EQ(error_page("e108"), page);
  EXPECT_EQ(error_page("E000"), std::nullopt);
  EXPECT_EQ(error_page(""), std::nullopt);
  EXPECT_EQ(error_page("E108.md"), std::nullopt);
}

TEST(Explain, EveryPageStartsWithItsCodeAndTitle) {
  const std::vector<std::string> codes = error_codes();
  EXPECT_TRUE(std::is_sorted(codes.begin(), codes.end()));
  for (const std::string& code : codes) {
    const std::string_view page = *error_page(code);
    EXPECT_EQ(page.rfind("# " + code + ": ", 0), 0u) << code;
    const std::string title = error_title(page);
    EXPECT_FALSE(title.empty()) << code;
    EXPECT_EQ(title.find(code), std::string::npos) << code;
    EXPECT_GT(page.size(), title.size() + 100) << code << " says nothing";
  }
}

}  // namespace
}  // namespace inarch
