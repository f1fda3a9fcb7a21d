#include "compiler/support/render_json.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace inarch {
namespace {

TEST(RenderJson, WritesEveryKeyInOrder) {
  SourceMap sources;
  const FileId file = sources.add("r.yaml", "a: é\nb: \"x\"\n");
  EXPECT_EQ(
      render_json(error("E101", "say \"what\"")
                      .at({file, 9, 12}, "here")
                      .also({file, 3, 5}, "é")
                      .note("one\ntwo")
                      .hint("h")
                      .in("s"),
                  sources),
      R"({"schema":"inarch/diagnostic/1","severity":"error","code":"E101",)"
      R"("message":"say \"what\"","file":"r.yaml","line":2,"column":4,"end_line":2,)"
      R"("end_column":7,"label":"here","subject":"s","secondary":[{"file":"r.yaml","line":1,)"
      R"("column":4,"end_line":1,"end_column":5,"label":"é"}],"notes":["one\ntwo"],"help":"h"})"
      "\n");
}

TEST(RenderJson, WritesNullWhereThereIsNoPlace) {
  EXPECT_EQ(render_json(warning("W101", "m"), SourceMap()),
            R"({"schema":"inarch/diagnostic/1","severity":"warning","code":"W101","message":"m",)"
            R"("file":null,"line":null,"column":null,"end_line":null,"end_column":null,"label":"",)"
            R"("subject":null,"secondary":[],"notes":[],"help":null})"
            "\n");
}

TEST(RenderJson, StaysValidForHostileBytes) {
  const std::string line = render_json(error("E101", "\x1b\x7f\\\xFF\xC3"), SourceMap());
  EXPECT_NE(line.find(R"("message":"\u001b\u007f\\\ufffd\ufffd")"), std::string::npos) << line;
}

TEST(RenderJson, WritesOneLineForEachFinding) {
  Diagnostics all;
  all.add(error("E101", "a\nb"));
  all.add(warning("W101", "c"));
  const std::string text = render_json(all, SourceMap());
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
}

}  // namespace
}  // namespace inarch
