#include "compiler/support/render_sarif.h"

#include <gtest/gtest.h>

namespace inarch {
namespace {

std::string below_folder(const std::string& path) {
  return path.ends_with(".yaml") ? (path[0] == '/' ? path : "my recipes/" + path) : "";
}

class RenderSarif : public testing::Test {
 protected:
  std::string render(const Diagnostic& diagnostic, const std::string& input = {}) {
    SarifLog log;
    log.add(diagnostic, sources_, below_folder, input);
    return log.document("1.2.3", 1, true);
  }
  static bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }
  SourceMap sources_;
  FileId file_ = sources_.add("r.yaml", "a: é\nb: \"x\"\nc: 1\n");
};

TEST_F(RenderSarif, PutsAFindingIntoItsRegion) {
  const std::string text =
      render(error("E203", "no tensor").at({file_, 9, 12}, "here").also({file_, 3, 5}, "there"));
  EXPECT_TRUE(has(text, R"("ruleId": "E203", "ruleIndex": 0, "level": "error")")) << text;
  EXPECT_TRUE(has(text, R"("locations": [{"physicalLocation": {"artifactLocation": )"
                        R"({"uri": "my%20recipes/r.yaml", "uriBaseId": "%SRCROOT%"}, )"
                        R"("region": {"startLine": 2, "startColumn": 4, "endLine": 2, )"
                        R"("endColumn": 7}}, "message": {"text": "here"}}])"))
      << text;
  EXPECT_TRUE(has(text, R"("relatedLocations": [{"id": 1, "physicalLocation": )")) << text;
  EXPECT_TRUE(has(text, R"("columnKind": "unicodeCodePoints")")) << text;
}

TEST_F(RenderSarif, NamesFilesElsewhereWhole) {
  const FileId other = sources_.add("/tmp/a#b.yaml", "x");
  EXPECT_TRUE(has(render(error("E203", "m").at({other, 0, 1})),
                  R"("artifactLocation": {"uri": "file:///tmp/a%23b.yaml"})"));
}

TEST_F(RenderSarif, HasNoLocationWithoutAFile) {
  EXPECT_TRUE(has(render(error("E720", "m")), R"("locations": [], "relatedLocations": [])"));
  EXPECT_TRUE(has(render(error("E720", "m"), "r.yaml"),
                  R"("locations": [{"physicalLocation": {"artifactLocation": )"
                  R"({"uri": "my%20recipes/r.yaml", "uriBaseId": "%SRCROOT%"}}}])"));
}

TEST_F(RenderSarif, HasARuleForEachCode) {
  SarifLog log;
  for (const char* code : {"E203", "W201", "E203"})
    log.add(error(code, "m"), sources_, below_folder, "");
  const std::string text = log.document("1.2.3", 1, true);
  EXPECT_EQ(text.find(R"({"id": "E203", )"), text.rfind(R"({"id": "E203", )"));
  EXPECT_TRUE(has(text, R"({"id": "W201", "shortDescription": {"text": "condition that )")) << text;
  EXPECT_TRUE(has(text, R"("ruleId": "W201", "ruleIndex": 1)"));
  EXPECT_TRUE(has(text, R"(, "defaultConfiguration": {"level": "warning"}})"));
}

TEST_F(RenderSarif, KeepsTextFromBecomingALink) {
  EXPECT_TRUE(has(render(error("E203", "shape [8, 4] of [x](y)")),
                  R"x("text": "shape \\[8, 4\\] of \\[x\\](y)")x"));
  EXPECT_TRUE(has(render(error("E203", "shape [8, 4]")), R"("text": "shape [8, 4]")"));
}

TEST_F(RenderSarif, SaysWhetherTheProgramFailed) {
  EXPECT_TRUE(has(SarifLog().document("1", 2, false),
                  R"("invocations": [{"executionSuccessful": false, "exitCode": 2}])"));
  EXPECT_TRUE(has(SarifLog().document("1", 0, true), R"("results": [])"));
}

}  // namespace
}  // namespace inarch
