#include "runtime/cli/text_table.h"

#include <gtest/gtest.h>

namespace inarch {
namespace {

TEST(TextTable, AlignsColumns) {
  TextTable table({{"name"}, {"type"}, {"size", TextTable::Align::right}});
  table.add({"a", "bf16", "12 B"});
  table.add({"longer", "f8_e4m3", "7 B"});
  EXPECT_EQ(table.text(80),
            "name    type     size\n"
            "a       bf16     12 B\n"
            "longer  f8_e4m3   7 B\n");
}

TEST(TextTable, LeavesEmptyColumnsOut) {
  TextTable table({{"name"}, {"zeros"}, {"x"}});
  table.add({"a", "", "1"});
  table.add({"b", "", ""});
  EXPECT_EQ(table.text(80), "name  x\na     1\nb\n");
}

TEST(TextTable, PutsLongNamesOnLinesOfTheirOwn) {
  TextTable table({{"name"}, {"type"}});
  table.add({"a.name.that.is.too.long.for.a.narrow.terminal", "bf16"});
  table.add({"short", "f32"});
  EXPECT_EQ(table.text(40),
            "name                                type\n"
            "a.name.that.is.too.long.for.a.narrow.terminal\n"
            "                                    bf16\n"
            "short                               f32\n");
}

TEST(TextTable, CountsColumnsNotBytes) {
  TextTable table({{"name"}, {"x", TextTable::Align::right}});
  table.add({"{0..4,…,9}", "1"});
  table.add({"0123456789", "2"});
  EXPECT_EQ(table.text(80), "name        x\n{0..4,…,9}  1\n0123456789  2\n");
}

}  // namespace
}  // namespace inarch
