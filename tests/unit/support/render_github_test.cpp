#include "compiler/support/render_github.h"

#include <gtest/gtest.h>

namespace inarch {
namespace {

std::string in_folder(const std::string& path) {
  return path.ends_with(".yaml") ? "recipes/" + path : "";
}

class RenderGithub : public testing::Test {
 protected:
  std::string render(const Diagnostic& diagnostic) {
    return render_github(diagnostic, sources_, in_folder, "input.yaml");
  }
  SourceMap sources_;
  FileId file_ = sources_.add("r.yaml", "a: é\nb: \"x\"\nc: 1\n");
};

TEST_F(RenderGithub, PutsAFindingOnItsLine) {
  EXPECT_EQ(render(error("E203", "no tensor 'x'")
                       .at({file_, 9, 12}, "matches nothing")
                       .also({file_, 3, 5}, "é")
                       .note("n")
                       .hint("h")),
            "::error file=recipes/r.yaml,line=2,endLine=2,col=4,endColumn=7,"
            "title=E203%3A pattern that fits no tensor::no tensor 'x'%0Amatches nothing%0A"
            "r.yaml:1:4: é%0Anote: n%0Ahelp: h\n");
}

TEST_F(RenderGithub, LeavesOutColumnsOfSeveralLines) {
  const std::string line = render(warning("W201", "m").at({file_, 9, 15}));
  EXPECT_TRUE(line.starts_with("::warning file=recipes/r.yaml,line=2,endLine=3,title=")) << line;
}

TEST_F(RenderGithub, EscapesWhatWouldEndACommandOrAProperty) {
  const FileId odd = sources_.add("a,b:c%.yaml", "x");
  const std::string line = render(error("E101", "100%\r\n::error::x \x1b[2K").at({odd, 0, 1}));
  EXPECT_EQ(line,
            "::error file=recipes/a%2Cb%3Ac%25.yaml,line=1,endLine=1,col=1,endColumn=2,"
            "title=E101%3A not valid YAML::100%25\\x0d%0A::error::x \\x1b[2K\n");
}

TEST_F(RenderGithub, FallsBackToOtherPlacesAndThenToTheInput) {
  const FileId option = sources_.add("--set", "x=1");
  EXPECT_EQ(render(error("E000", "m").at({option, 0, 1}, "here").also({file_, 0, 1}, "there")),
            "::error file=recipes/r.yaml,line=1,endLine=1,col=1,endColumn=2,title=E000::"
            "m%0A--set:1:1: here%0Ar.yaml:1:1: there\n");
  EXPECT_EQ(render(error("E000", "m").in("other.yaml")),
            "::error file=recipes/other.yaml,title=E000::m%0Ain: other.yaml\n");
  EXPECT_EQ(render(error("E000", "m").in("model.safetensors")),
            "::error file=recipes/input.yaml,title=E000::m%0Ain: model.safetensors\n");
  EXPECT_EQ(render_github(error("E000", "m"), sources_, in_folder, ""), "::error title=E000::m\n");
}

TEST_F(RenderGithub, ShowsTextAsItIsInASummary) {
  EXPECT_EQ(github_summary_row(error("E000", "no 'a|b' <{i}>\nx").at({file_, 9, 12}), sources_,
                               in_folder, ""),
            "| ❌ E000 | recipes/r.yaml&#58;2&#58;4 | no &#39;a&#124;b&#39; "
            "&#60;&#123;i&#125;&#62;<br>x |\n");
  EXPECT_EQ(github_summary("inarch check: no findings", "", "ok ```a\n"),
            "### inarch check: no findings\n\n````text\nok ```a\n````\n\n");
}

}  // namespace
}  // namespace inarch
