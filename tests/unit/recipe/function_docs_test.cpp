#include "compiler/recipe/function_docs.h"

#include <gtest/gtest.h>

#include "compiler/recipe/expression.h"
#include "compiler/recipe/expression_functions.h"
#include "compiler/recipe/key_docs.h"
#include "compiler/support/source_map.h"

namespace inarch {
namespace {

TEST(FunctionDocs, SayWhatEachFunctionGives) {
  std::vector<std::string> documented;
  for (const FunctionDoc& doc : function_docs()) {
    documented.emplace_back(doc.name);
    EXPECT_FALSE(doc.summary.empty()) << doc.name;
    if (doc.example.empty()) continue;
    SourceMap sources;
    Diagnostics faults;
    const FileId file = sources.add("example", std::string(doc.example));
    const Span span{file, 0, static_cast<std::uint32_t>(doc.example.size())};
    const ExprPtr expression = parse_expression(doc.example, span, faults);
    ASSERT_TRUE(expression) << doc.example;
    const auto value = evaluate(*expression, Scope(), faults);
    ASSERT_TRUE(value) << doc.example << ": "
                       << (faults.list().empty() ? "" : faults.list().front().message);
    EXPECT_EQ(to_text(*value), doc.result) << doc.example;
    EXPECT_NE(doc.example.find(doc.name), std::string_view::npos);
  }
  EXPECT_EQ(documented, function_names());
}

TEST(KeyDocs, DescribeKeysWhereverTheyStand) {
  const std::string page = key_page("where");
  EXPECT_NE(page.find("- `tensors[].where`: only where this holds"), std::string::npos) << page;
  EXPECT_NE(page.find("`checks[].where`"), std::string::npos) << page;
  EXPECT_NE(key_page("sources").find("checkpoints to read"), std::string::npos);
  EXPECT_NE(key_page("revision").find("`sources.NAME.revision`"), std::string::npos);
  EXPECT_EQ(key_page("no_such_key"), "");
  for (const KeyDoc& key : key_docs()) EXPECT_FALSE(key.name.empty()) << key.path;
  EXPECT_GT(key_docs().size(), 80u);
}

}  // namespace
}  // namespace inarch
