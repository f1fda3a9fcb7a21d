// A small build with its n-th system call failing, short or the last, for every n. Whatever
// happens, the output is absent or complete, and the same command again completes it.

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/golden/shell.h"

namespace inarch {
namespace {

namespace fs = std::filesystem;
using golden::read_file;
using golden::run_shell;
using golden::ShellResult;
using golden::write_file;

constexpr int most_calls = 2000;

constexpr const char* config = R"({"model_type": "llama", "architectures": ["LlamaForCausalLM"],
 "torch_dtype": "bfloat16", "hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 2,
 "vocab_size": 16, "num_attention_heads": 2, "num_key_value_heads": 1})";

constexpr const char* recipe = R"(inarch: 1
sources: { base: model }
tensors:
  - from: base:model.layers.{i}.mlp.{m}.weight
    to: model.layers.{i}.mlp.{m}.weight
    apply: [ { rescale: 0.5 } ]
  - { from: "base:{name...}", to: "{name}", rest: true }
checks:
  - finite: out:model.layers.{i}.mlp.{m}.weight
output: { config: base, shard_size: 2kB }
)";

class Faults : public testing::Test {
 protected:
  void SetUp() override {
    const std::string pattern = (fs::temp_directory_path() / "inarch-faults-XXXXXX").string();
    std::vector<char> path(pattern.begin(), pattern.end());
    path.push_back('\0');
    ASSERT_NE(::mkdtemp(path.data()), nullptr);
    root_ = path.data();
    work_ = root_ / "work";
    fs::create_directory(work_);
    fs::create_directory(root_ / "capture");
    write_file(work_ / "config.json", config);
    write_file(work_ / "recipe.yaml", recipe);
    ASSERT_EQ(shell("inarch synth llama --config config.json -o model", {}).exit_code, 0);
    ASSERT_EQ(build({}).exit_code, 0);
    expected_ = content();
    ASSERT_GT(expected_.size(), 3u);  // shards, index, config, manifest
    fs::remove_all(work_ / "out");
  }
  void TearDown() override { fs::remove_all(root_); }

  ShellResult shell(const std::string& script, std::vector<std::string> environment) const {
    environment.push_back(fmt::format("PATH={}:/usr/bin:/bin", INARCH_DIRECTORY));
    return run_shell(script, work_, root_ / "capture", environment, 60);
  }
  /// `fault`, when there is one, strikes inarch and not the shell.
  ShellResult build(const std::vector<std::string>& fault) const {
    std::string words = "exec env";
    for (const std::string& word : fault) words += " " + word;
    return shell(words + " inarch run recipe.yaml -o out --jobs 1" + (replaces_ ? " --force" : ""),
                 {});
  }
  std::map<std::string, std::string> content() const {
    std::map<std::string, std::string> files;
    if (!fs::exists(work_ / "out")) return files;
    for (const auto& entry : fs::recursive_directory_iterator(work_ / "out"))
      files[entry.path().filename().string()] = entry.is_regular_file() ? read_file(entry) : "";
    return files;
  }
  std::vector<std::string> leftovers() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(work_)) {
      const std::string name = entry.path().filename().string();
      if (name.front() == '.' && name.find("lock") == std::string::npos) names.push_back(name);
    }
    return names;
  }

  /// Lets `fault` strike at every call in turn; `judge` looks at what the run answered.
  template <typename F>
  void strike_everywhere(const std::string& call, const std::string& fault, F judge) {
    const fs::path hit = root_ / "hit";
    int struck = 0;
    for (int at = 1; at <= most_calls; ++at) {
      fs::remove(hit);
      place_old();
      std::vector<std::string> environment = {"LD_PRELOAD=" INARCH_FAULT_INJECTION,
                                              "FAULT_CALL=" + call, fmt::format("FAULT_AT={}", at),
                                              "FAULT_HIT=" + hit.string()};
      if (!fault.empty()) environment.push_back(fault);
      const ShellResult result = build(environment);
      const bool struck_now = fs::exists(hit);
      if (struck_now) {
        ++struck;
        judge_all(
            result,
            fmt::format("{} {} {}: exit {}\n{}", call, at, fault, result.exit_code, result.err),
            judge);
      }
      fs::remove_all(work_ / "out");
      if (!struck_now || HasFailure()) break;
    }
    if (HasFailure()) return;
    EXPECT_GT(struck, 0) << call << " was never called";
    EXPECT_LT(struck, most_calls);
  }

  /// What must hold after every fault, and after the same command without one.
  template <typename F>
  void judge_all(const ShellResult& result, const std::string& where, F judge) const {
    judge(result, where);
    const auto found = content();
    EXPECT_TRUE(found == before() || found == expected_) << where;
    if (result.exit_code == 0) {
      EXPECT_TRUE(found == expected_) << where;
    }
    EXPECT_EQ(build({}).exit_code, 0) << where;
    EXPECT_TRUE(content() == expected_) << where;
    EXPECT_TRUE(leftovers().empty()) << where << leftovers().front();
  }

  /// What is at the output's place before a run.
  std::map<std::string, std::string> before() const {
    return replaces_ ? std::map<std::string, std::string>{{"precious", "old"}}
                     : std::map<std::string, std::string>{};
  }
  void place_old() const {
    if (!replaces_) return;
    fs::create_directory(work_ / "out");
    write_file(work_ / "out" / "precious", "old");
  }

  bool replaces_ = false;  // an output that is there, with --force
  fs::path root_;
  fs::path work_;
  std::map<std::string, std::string> expected_;
};

/// Any exit code but a crash; and a reason, unless all went well.
void ends_well(const ShellResult& result, const std::string& where) {
  EXPECT_TRUE(result.exit_code >= 0 && result.exit_code <= 2) << where;
  EXPECT_TRUE(result.exit_code == 0 || result.err.find("error[") != std::string::npos) << where;
}

void was_killed(const ShellResult& result, const std::string& where) {
  EXPECT_EQ(result.exit_code, 128 + SIGKILL) << where;
}

class FailedCall : public Faults, public testing::WithParamInterface<const char*> {};

TEST_P(FailedCall, LeavesNothingHalfDone) {
  strike_everywhere(GetParam(), fmt::format("FAULT_ERRNO={}", EIO), ends_well);
}

TEST_P(FailedCall, MayBeTheLast) { strike_everywhere(GetParam(), "", was_killed); }

INSTANTIATE_TEST_SUITE_P(Calls, FailedCall,
                         testing::Values("open", "openat", "pread", "pwrite", "fsync", "ftruncate",
                                         "fallocate", "fstat", "mkdir", "rename"));

class Replacement : public Faults, public testing::WithParamInterface<const char*> {};

TEST_P(Replacement, IsTheOldOrTheNew) {
  replaces_ = true;
  strike_everywhere(GetParam(), fmt::format("FAULT_ERRNO={}", EIO), ends_well);
  strike_everywhere(GetParam(), "", was_killed);
}

INSTANTIATE_TEST_SUITE_P(Calls, Replacement,
                         testing::Values("fsync", "rename", "renameat2", "unlinkat"));

class FullDisk : public Faults, public testing::WithParamInterface<const char*> {};

TEST_P(FullDisk, IsToldAndLeavesNothing) {
  strike_everywhere(GetParam(), fmt::format("FAULT_ERRNO={}", ENOSPC),
                    [](const ShellResult& result, const std::string& where) {
                      EXPECT_EQ(result.exit_code, 2) << where;
                      EXPECT_NE(result.err.find("error["), std::string::npos) << where;
                    });
}

INSTANTIATE_TEST_SUITE_P(Calls, FullDisk, testing::Values("pwrite", "fallocate"));

class Interrupted : public Faults, public testing::WithParamInterface<const char*> {};

TEST_P(Interrupted, GoesOn) {
  const auto succeeds = [](const ShellResult& result, const std::string& where) {
    EXPECT_EQ(result.exit_code, 0) << where;
  };
  strike_everywhere(GetParam(), fmt::format("FAULT_ERRNO={}", EINTR), succeeds);
  strike_everywhere(GetParam(), "FAULT_SHORT=1", succeeds);
}

INSTANTIATE_TEST_SUITE_P(Calls, Interrupted, testing::Values("pread", "pwrite"));

}  // namespace
}  // namespace inarch
