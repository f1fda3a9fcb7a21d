#include "compiler/support/source_map.h"

#include <gtest/gtest.h>

namespace inarch {
namespace {

void expect_at(const SourceMap& sources, FileId file, std::uint32_t offset, int line, int column) {
  const Location at = sources.locate(file, offset);
  EXPECT_EQ(at.line, line) << offset;
  EXPECT_EQ(at.column, column) << offset;
}

TEST(SourceMap, LocatesByLinesAndCharacters) {
  SourceMap sources;
  const FileId file = sources.add("r.yaml", "ab\nécd\r\n\nx");
  expect_at(sources, file, 0, 1, 1);
  expect_at(sources, file, 2, 1, 3);
  expect_at(sources, file, 3, 2, 1);
  expect_at(sources, file, 5, 2, 2);
  expect_at(sources, file, 9, 3, 1);
  expect_at(sources, file, 10, 4, 1);
  expect_at(sources, file, 11, 4, 2);
  expect_at(sources, file, 500, 4, 2);
}

TEST(SourceMap, AByteOrderMarkTakesNoColumn) {
  SourceMap sources;
  const FileId file = sources.add("r.yaml",
                                  "\xEF\xBB\xBF"
                                  "ab\nc");
  expect_at(sources, file, 0, 1, 1);
  expect_at(sources, file, 3, 1, 1);
  expect_at(sources, file, 4, 1, 2);
  expect_at(sources, file, 6, 2, 1);
}

TEST(SourceMap, GivesLinesWithoutTheirBreaks) {
  SourceMap sources;
  const FileId file = sources.add("r.yaml", "ab\r\ncd\n");
  EXPECT_EQ(sources.line(file, 1), "ab");
  EXPECT_EQ(sources.line(file, 2), "cd");
  EXPECT_EQ(sources.line(file, 3), "");
  EXPECT_EQ(sources.line(file, 4), "");
  EXPECT_EQ(sources.line(file, 0), "");
}

TEST(SourceMap, TextsStayWhereTheyAre) {
  SourceMap sources;
  const FileId first = sources.add("a", "first");
  const std::string_view before = sources.text(first);
  for (int i = 0; i < 100; ++i) sources.add("b", "more");
  EXPECT_EQ(before.data(), sources.text(first).data());
  EXPECT_EQ(sources.text(Span{first, 1, 3}), "ir");
  EXPECT_EQ(sources.path(first), "a");
}

}  // namespace
}  // namespace inarch
