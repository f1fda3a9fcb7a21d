#include "compiler/recipe/format_yaml.h"

#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include <gtest/gtest.h>

#include "compiler/recipe/yaml_tree.h"

namespace inarch {
namespace {

std::string laid_out(const std::string& text) {
  SourceMap sources;
  Diagnostics diagnostics;
  const auto result = format_yaml(sources, sources.add("test.yaml", text), diagnostics);
  std::string faults;
  for (const Diagnostic& d : diagnostics.list()) faults += d.code + ": " + d.message + "\n";
  EXPECT_TRUE(result) << faults << "in\n" << text;
  return result.value_or("");
}

/// Laid out, and laying it out again changes nothing.
std::string stable(const std::string& text) {
  const std::string once = laid_out(text);
  EXPECT_EQ(laid_out(once), once) << "from\n" << text;
  return once;
}

std::string read_all(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(FormatYaml, LaysOutCollections) {
  EXPECT_EQ(stable("a:   1\nb:    {x:  1,y: 2}\nc: [ 1,2 ]\nd: [{a: 1}, 2]\n"),
            "a: 1\nb: { x: 1, y: 2 }\nc: [1, 2]\nd: [ { a: 1 }, 2 ]\n");
  EXPECT_EQ(stable("a: [\"x\", y]\nb: [ [1],[ ] ]\nc: [['x']]\n"),
            "a: [ \"x\", y ]\nb: [[1], []]\nc: [ [ 'x' ] ]\n");
  EXPECT_EQ(stable("a:\n- 1\n-   b: 2\n    c: 3\n"), "a:\n  - 1\n  - b: 2\n    c: 3\n");
  EXPECT_EQ(stable("a:\n        b:\n                c: {}\n"), "a:\n  b:\n    c: {}\n");
  EXPECT_EQ(stable("- - 1\n  -   2\n-\n    - 3\n"), "- - 1\n  - 2\n- - 3\n");
}

TEST(FormatYaml, KeepsWhereLinesBreakInBrackets) {
  EXPECT_EQ(stable("a: [ 1,\n 2,3,\n      4 ]\n"), "a: [1,\n    2, 3,\n    4]\n");
  EXPECT_EQ(stable("a:\n  { x: 1,\n   y: 2 }\n"), "a:\n  { x: 1,\n    y: 2 }\n");
}

TEST(FormatYaml, JoinsAValueToItsKeyWhereItFits) {
  EXPECT_EQ(stable("a:\n    text\n"), "a: text\n");
  const std::string longer(130, 'x');
  EXPECT_EQ(stable("a:\n    " + longer + "\n"), "a:\n  " + longer + "\n");
}

TEST(FormatYaml, KeepsComments) {
  EXPECT_EQ(
      stable("#one\na: 1 # two\nbcd: 2    # three\n   # four\ne:\n # five\n  - 6\n   # seven\n"),
      "#one\na: 1    # two\nbcd: 2  # three\n# four\ne:\n  # five\n  - 6\n  # seven\n");
  EXPECT_EQ(stable("a: # x\n  b\nc: [ 1, # y\n  2 ]\n"), "a:  # x\n  b\nc: [1,  # y\n    2]\n");
  EXPECT_EQ(stable("a:\n  - b: 1\n    # of b\n  # of the list\n# of all\nc: 2\n"),
            "a:\n  - b: 1\n    # of b\n  # of the list\n# of all\nc: 2\n");
  EXPECT_EQ(stable("a: 'b # c'\nd: e#f\n"), "a: 'b # c'\nd: e#f\n");
  EXPECT_EQ(stable("a: 1        # x\nb:   22     # y\n"), "a: 1        # x\nb: 22       # y\n");
  EXPECT_EQ(stable("a: 1  # x\nb: 'a longer one' # y\n"),
            "a: 1               # x\nb: 'a longer one'  # y\n");
}

TEST(FormatYaml, KeepsTextsOfSeveralLines) {
  EXPECT_EQ(stable("a:   >-\n      x\n        y\n\n      z\nb: 1\n"),
            "a: >-\n  x\n    y\n\n  z\nb: 1\n");
  EXPECT_EQ(stable("a:\n    b: |2\n           x\n        y\n"),
            "a:\n  b: |2\n         x\n      y\n");
  EXPECT_EQ(stable("a: one\n     two\n\n     three\n"), "a: one\n  two\n\n  three\n");
  EXPECT_EQ(stable("a: \"one\n     two\"\nb: 1\n"), "a: \"one\n  two\"\nb: 1\n");
}

TEST(FormatYaml, LeavesOneEmptyLine) {
  EXPECT_EQ(stable("\n\na: 1\n\n\n\nb: 2\n\n\n"), "a: 1\n\nb: 2\n");
}

TEST(FormatYaml, RefusesWhatIsNoYaml) {
  SourceMap sources;
  Diagnostics diagnostics;
  EXPECT_FALSE(format_yaml(sources, sources.add("test.yaml", "a: [1\n"), diagnostics));
  EXPECT_TRUE(diagnostics.has_errors());
}

/// Recipes of the repository are laid out as `inarch fmt` does it.
TEST(FormatYaml, HoldsOfAllRecipes) {
  int seen = 0;
  const std::filesystem::path root = INARCH_SOURCE_DIR;
  for (const char* folder : {"recipes", "schemas/architectures"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder)) {
      if (entry.path().extension() != ".yaml") continue;
      const std::string text = read_all(entry.path());
      const std::string once = stable(text);
      if (std::string_view(folder) == "recipes") {
        EXPECT_EQ(once, text) << "inarch fmt " << entry.path();
      }
      ++seen;
    }
  }
  EXPECT_GT(seen, 60);
}

/// Writes a random document in a random layout.
class RandomYaml {
 public:
  explicit RandomYaml(unsigned seed) : random_(seed) {}

  std::string document() {
    mapping(0, 0);
    return text_;
  }

 private:
  int upto(int most) { return static_cast<int>(random_() % static_cast<unsigned>(most + 1)); }
  bool one_in(int n) { return upto(n - 1) == 0; }
  std::string spaces(int n) { return std::string(static_cast<std::size_t>(n), ' '); }

  void end_line() {
    text_ += spaces(upto(2));
    if (one_in(4)) text_ += " # trailing" + std::to_string(upto(9));
    text_ += '\n';
    while (one_in(5)) text_ += one_in(2) ? "\n" : spaces(upto(6)) + "# own, line: [" + "\n";
  }

  std::string scalar() {
    static const char* const words[] = {"x",     "1.5",   "'a # b'", "\"c: d\"", "~",
                                        "null",  "a b c", "f(x)",    "'{'",      "\"\\n\"",
                                        "i % 2", "''",    "a:b",     "-1",       "\"[\""};
    return words[upto(14)];
  }

  void flow(int depth) {
    const bool map = one_in(2);
    text_ += map ? "{" : "[";
    const int count = upto(3);
    for (int k = 0; k < count; ++k) {
      text_ += k > 0 ? "," : "";
      text_ += one_in(6) ? "\n" + spaces(20) : spaces(1 + upto(1));
      if (map) text_ += "k" + std::to_string(k) + ": ";
      if (depth < 3 && one_in(3)) {
        flow(depth + 1);
      } else {
        text_ += scalar();
      }
    }
    text_ += spaces(upto(1)) + (map ? "}" : "]");
  }

  /// After a key or a dash.
  void value(int indent, int depth) {
    const int kind = depth > 3 ? upto(2) : upto(5);
    if (kind == 0) {
      end_line();
    } else if (kind == 1) {
      text_ += " " + scalar();
      end_line();
    } else if (kind == 2) {
      text_ += spaces(1 + upto(2));
      flow(0);
      end_line();
    } else if (kind == 3) {
      text_ += " |\n" + spaces(indent + 4) + "# text\n" + spaces(indent + 6) + "more\n";
    } else if (kind == 4) {
      end_line();
      sequence(indent + upto(4), depth + 1);
    } else {
      end_line();
      mapping(indent + 1 + upto(4), depth + 1);
    }
  }

  void mapping(int indent, int depth) {
    for (int k = 0; k <= upto(3); ++k) {
      text_ += spaces(indent) + "key" + std::to_string(depth) + std::to_string(k) + ":";
      value(indent, depth);
    }
  }

  void sequence(int indent, int depth) {
    for (int k = 0; k <= upto(3); ++k) {
      text_ += spaces(indent) + "-";
      if (one_in(3)) {
        text_ += " a: " + scalar();
        end_line();
        text_ += spaces(indent + 2) + "b:";
        value(indent + 2, depth);
      } else {
        value(indent, depth);
      }
    }
  }

  std::mt19937 random_;
  std::string text_;
};

TEST(FormatYaml, NeverChangesWhatATextSays) {
  int valid = 0;
  for (unsigned seed = 0; seed < 3000; ++seed) {
    const std::string text = RandomYaml(seed).document();
    SourceMap sources;
    Diagnostics faults;
    if (!read_yaml(sources, sources.add("test.yaml", text), faults)) continue;
    ++valid;
    stable(text);
    if (HasFailure()) FAIL() << "seed " << seed;
  }
  EXPECT_GT(valid, 2000);
}

}  // namespace
}  // namespace inarch
