// SIGKILL at every system call. What a killed process leaves follows from the calls that change a
// disk which it has made, so it is enough to strike at each of these, before it happens.

#include <csignal>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/faults/scene.h"
#include "tests/golden/shell.h"

namespace inarch::faults {
namespace {

constexpr int not_permitted = 77;

class KillTest : public SmallBuild {
 protected:
  void SetUp() override {
    SmallBuild::SetUp();
    if (build({FAULTS_DIRECTORY "/kill_at_call", "1", hit_}).exit_code == not_permitted)
      GTEST_SKIP() << "no process may be traced here";
  }
  ShellResult kill_at(int call) const {
    return build({FAULTS_DIRECTORY "/kill_at_call", std::to_string(call), hit_});
  }
  /// A build from nothing that is killed; false when it ended before.
  bool struck_at(int call) const {
    clear();
    std::filesystem::remove(hit_);
    kill_at(call);
    return std::filesystem::exists(hit_);
  }
  void kill_everywhere() {
    strike_everywhere(
        "SIGKILL at change", [&](int at) { return kill_at(at); }, was_killed);
  }
};

TEST_F(KillTest, Fault60KilledAtEveryCall) { kill_everywhere(); }

TEST_F(KillTest, Fault60KilledAtEveryCallOfAReplacement) {
  replaces_ = true;
  kill_everywhere();
}

/// Killed somewhere, then killed again while it goes on, once a call later each time.
TEST_F(KillTest, Fault60KilledAgainAndAgain) {
  ShellResult result;
  for (int at = 5; at < 100 && result.exit_code != 0; at += 3) result = kill_at(at);
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(different(content(), expected_), "");
  EXPECT_TRUE(leftovers().empty());
}

TEST_F(KillTest, Fault66NeverMixesTwoRecipes) {
  const std::string old = golden::read_file(work_ / "recipe.yaml");
  std::string changed = old;
  changed.replace(changed.find("0.5"), 3, "0.25");
  golden::write_file(work_ / "recipe.yaml", changed);
  ASSERT_EQ(build().exit_code, 0);
  const Content wanted = content();
  ASSERT_NE(wanted, expected_);
  for (int at = 1; !HasFailure(); ++at) {
    golden::write_file(work_ / "recipe.yaml", old);
    if (!struck_at(at)) break;
    golden::write_file(work_ / "recipe.yaml", changed);
    if (content() == expected_) continue;  // it was killed after all was done
    EXPECT_EQ(build().exit_code, 0) << at;
    EXPECT_EQ(different(content(), wanted), "") << at;
  }
}

TEST_F(KillTest, Fault66NeverMixesTwoSources) {
  ASSERT_EQ(shell("inarch synth llama --config config.json -o other --seed 7").exit_code, 0);
  ASSERT_EQ(shell("mv model first; cp -rp other model").exit_code, 0);
  ASSERT_EQ(build().exit_code, 0);
  Content wanted = content();
  wanted.erase("manifest.json");  // which knows each source by its inode
  for (int at = 1; !HasFailure(); ++at) {
    ASSERT_EQ(shell("rm -rf model; cp -rp first model").exit_code, 0);
    if (!struck_at(at)) break;
    if (!content().empty()) continue;  // it was killed after all was done
    ASSERT_EQ(shell("rm -rf model; cp -rp other model").exit_code, 0);
    EXPECT_EQ(build().exit_code, 0) << at;
    Content found = content();
    found.erase("manifest.json");
    EXPECT_EQ(different(found, wanted), "") << at;
  }
}

TEST_F(KillTest, Fault67TornJournal) {
  const std::filesystem::path journal = work_ / ".out.inarch-partial" / ".inarch-journal";
  for (int at = 1; struck_at(at); ++at) {
    if (std::filesystem::exists(journal)) {
      ASSERT_EQ(shell("rm -rf whole; cp -r .out.inarch-partial whole").exit_code, 0);
    }
  }
  const std::uintmax_t size = std::filesystem::file_size(work_ / "whole" / journal.filename());
  for (std::uintmax_t cut = 0; cut < size && !HasFailure(); cut += 1 + size / 40) {
    clear();
    ASSERT_EQ(shell("cp -r whole .out.inarch-partial").exit_code, 0);
    std::filesystem::resize_file(journal, cut);
    EXPECT_EQ(build().exit_code, 0) << cut;
    EXPECT_EQ(different(content(), expected_), "") << cut;
  }
}

TEST_F(KillTest, Fault67TornManifest) {
  ASSERT_EQ(build().exit_code, 0);
  const std::filesystem::path manifest = work_ / "out" / "manifest.json";
  const std::uintmax_t size = std::filesystem::file_size(manifest);
  ASSERT_EQ(shell("cp -r out whole").exit_code, 0);
  for (std::uintmax_t cut = 0; cut < size && !HasFailure(); cut += 1 + size / 20) {
    clear();
    ASSERT_EQ(shell("cp -r whole out").exit_code, 0);
    std::filesystem::resize_file(manifest, cut);
    EXPECT_EQ(shell("inarch verify out").exit_code, 1) << cut;
    EXPECT_EQ(build().exit_code, 1) << cut;  // not what this plan built, so it is not replaced
    EXPECT_EQ(shell("inarch run recipe.yaml -o out --force").exit_code, 0) << cut;
    EXPECT_EQ(different(content(), expected_), "") << cut;
  }
}

}  // namespace
}  // namespace inarch::faults
