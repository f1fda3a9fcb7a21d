// What surrounds a process: descriptors, limits, other runs, locale, clock, memory that is not
// zero.

#include <filesystem>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/faults/scene.h"

namespace inarch::faults {
namespace {

namespace fs = std::filesystem;

class ProcessTest : public SmallBuild {};

TEST_F(ProcessTest, Fault63ClosedStandardDescriptors) {
  for (const char* closed : {"<&-", ">&-", "2>&-", "<&- >&-", "<&- >&- 2>&-"}) {
    clear();
    const bool can_say = std::string(closed).find(" >&-") == std::string::npos && closed[0] != '>';
    const ShellResult result = shell(std::string("inarch run recipe.yaml -o out ") + closed);
    EXPECT_EQ(result.exit_code, can_say ? 0 : 2) << closed;
    EXPECT_EQ(different(content(), expected_), "") << closed;
  }
  for (const char* command : {"--version", "--help", "run --help", "check recipe.yaml", "schema"}) {
    EXPECT_EQ(shell(fmt::format("inarch {} >&-", command)).exit_code, 2) << command;
    EXPECT_EQ(shell(fmt::format("inarch {} >/dev/full", command)).exit_code, 2) << command;
  }
}

TEST_F(ProcessTest, Fault63FewDescriptors) {
  int told = 0;
  for (int most = 3; most < 60; ++most) {
    clear();
    const std::string where = fmt::format("ulimit -n {}", most);
    const ShellResult result = shell(where + "; exec inarch run recipe.yaml -o out --jobs 1");
    if (result.exit_code == 0) {
      EXPECT_EQ(different(content(), expected_), "") << where;
      break;
    }
    if (result.exit_code == 127) continue;  // too few to load the program
    ++told;
    EXPECT_EQ(result.exit_code, 2) << where;
    EXPECT_NE(result.err.find("Too many open files"), std::string::npos) << where << result.err;
    EXPECT_EQ(different(content(), Content()), "") << where;
  }
  EXPECT_GT(told, 2);
  EXPECT_EQ(different(content(), expected_), "");
}

TEST_F(ProcessTest, Fault63NameTooLong) {
  for (const std::size_t length : {245, 300}) {
    const ShellResult result =
        shell("inarch run recipe.yaml -o " + std::string(length, 'n') + " --jobs 1");
    is_told(result, result.err);
    EXPECT_NE(result.err.find("File name too long"), std::string::npos) << result.err;
    EXPECT_TRUE(leftovers().empty());
  }
}

TEST_F(ProcessTest, Fault65TwoRunsAtOnce) {
  int busy = 0;
  for (int round = 0; round < 20; ++round) {
    clear();
    const ShellResult result = shell(
        "inarch run recipe.yaml -o out > /dev/null & first=$!\n"
        "inarch run recipe.yaml -o out > /dev/null; echo $?\n"
        "wait $first; echo $?\n");
    const std::string& codes = result.out;
    EXPECT_TRUE(codes == "0\n0\n" || codes == "0\n75\n" || codes == "75\n0\n")
        << codes << result.err;
    if (codes != "0\n0\n") ++busy;
    EXPECT_EQ(different(content(), expected_), "");
    EXPECT_TRUE(leftovers().empty());
  }
  RecordProperty("busy", busy);
}

/// A locale made here, since a system need not have one with a decimal comma.
TEST_F(ProcessTest, Fault68ForeignLocaleAndClockThatJumps) {
  ASSERT_EQ(shell("inarch plan recipe.yaml -o plan.json").exit_code, 0);
  const std::string plan = golden::read_file(work_ / "plan.json");
  const auto same_with = [&](const std::string& environment) {
    fs::remove(hit_);
    clear();
    const std::string words =
        fmt::format("{} STRANGE_HIT={} LD_PRELOAD={}/libstrange_surroundings.so", environment,
                    hit_.string(), FAULTS_DIRECTORY);
    EXPECT_EQ(shell("env " + words + " inarch plan recipe.yaml -o plan.json").exit_code, 0);
    EXPECT_EQ(golden::read_file(work_ / "plan.json"), plan) << environment;
    EXPECT_EQ(build({words}).exit_code, 0);
    EXPECT_EQ(different(content(), expected_), "") << environment;
  };
  same_with("STRANGE_CLOCK=1 TZ=Pacific/Chatham");
  const ShellResult made =
      shell("mkdir locales && localedef -i de_DE -f UTF-8 locales/de_DE.UTF-8");
  if (made.exit_code != 0) GTEST_SKIP() << "no locale can be made here: " << made.err;
  same_with(fmt::format("LOCPATH={} LC_ALL=de_DE.UTF-8 STRANGE_LOCALE=de_DE.UTF-8",
                        (work_ / "locales").string()));
  EXPECT_TRUE(fs::exists(hit_)) << "the locale was not set";
}

/// Every kind of step: what it does not write must not be what was there.
constexpr const char* many_steps = R"YAML(inarch: 1
sources: { base: model }
tensors:
  - { from: base:model.embed_tokens.weight, to: padded, apply: [ { pad: { rows: 20 } } ] }
  - from: base:model.embed_tokens.weight
    to: grown
    apply: [ { resize: { rows: 20, fill: mean } } ]
  - { from: "base:model.layers.{i}.mlp.up_proj.weight", to: "turned.{i}", apply: [ transpose ] }
  - from: base:model.layers.{i}.mlp.{m}.weight
    to: "{i}.{m}"
    apply: [ { rescale: 0.5 }, { cast: f32 } ]
  - from: matmul(base:model.layers.{i}.mlp.up_proj.weight, base:model.layers.{i}.mlp.down_proj.weight)
    to: product.{i}
  - { to: drawn, init: { normal: { std: 0.02, seed: 7, shape: [300, 7] } } }
output: { config: base }
)YAML";

TEST_F(ProcessTest, Fault69MemoryFullOfGarbage) {
  golden::write_file(work_ / "recipe.yaml", many_steps);
  const ShellResult first = build();
  ASSERT_EQ(first.exit_code, 0) << first.err;
  const Content wanted = content();
  for (const int byte : {1, 165, 255}) {
    fs::remove(hit_);
    clear();
    const ShellResult result =
        build_with("strange_surroundings",
                   {fmt::format("STRANGE_MEMORY={}", byte), fmt::format("MALLOC_PERTURB_={}", byte),
                    "STRANGE_HIT=" + hit_.string()});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(different(content(), wanted), "") << byte;
    EXPECT_TRUE(fs::exists(hit_)) << "no page was filled";
  }
}

}  // namespace
}  // namespace inarch::faults
