#include "compiler/picture/page.h"

#include <gtest/gtest.h>

#include "compiler/core/json.h"
#include "compiler/support/sha256.h"

namespace inarch {
namespace {

constexpr std::string_view hostile = "</script><script>alert(1)</script><!--{{data}}\xE2\x80\xAE";

std::string between(const std::string& text, std::string_view begin, std::string_view end) {
  const std::size_t from = text.find(begin) + begin.size();
  return text.substr(from, text.find(end, from) - from);
}

TEST(Page, HoldsHostileTextAsText) {
  for (const std::string_view name : {"plan.html", "diff.html"}) {
    const std::string page = make_page(name, Value::Map{{"name", hostile}});
    const std::string json = between(page, "id=\"data\">", "</script>");
    EXPECT_EQ(json.find('<'), json.npos);
    const auto read = parse_json(json, "data");
    ASSERT_TRUE(read.ok());
    EXPECT_EQ(*read->find("name")->if_text(), hostile);
    EXPECT_EQ(page.find("alert(1)</script>"), page.npos);
  }
}

TEST(Page, HasAllThatItNames) {
  for (const std::string_view name : {"plan.html", "diff.html"}) {
    const std::string page = make_page(name, Value::Map{});
    EXPECT_EQ(page.find("{{"), page.npos);
    EXPECT_NE(page.find("const data = JSON.parse"), page.npos);
    EXPECT_NE(page.find("class Rows"), page.npos);
    EXPECT_EQ(page.find("http://"), page.find("http://www.w3.org/2000/svg"));
    EXPECT_EQ(page.find("https://"), page.npos);
  }
}

TEST(Page, RunsNoScriptButItsOwn) {
  const std::string page = make_page("plan.html", Value::Map{});
  const std::string policy = between(page, "Content-Security-Policy\" content=\"", "\"");
  EXPECT_EQ(policy.find("script-src 'sha256-"), policy.find("script-src"));
  // sha256-… has 43 letters and a '='.
  EXPECT_EQ(between(policy, "'sha256-", "'").size(), 44);
}

TEST(Page, SpellsOutWhatIsNotUtf8) { EXPECT_EQ(*page_text("a\xFF").if_text(), "a\\xff"); }

}  // namespace
}  // namespace inarch
