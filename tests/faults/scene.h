#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/golden/shell.h"

namespace inarch::faults {

/// The files below a folder by name; folders have no content.
using Content = std::map<std::string, std::string>;
using golden::ShellResult;
using Judge = std::function<void(const ShellResult&, const std::string& where)>;

/// The names of the files that are not the same, or only in one of the two; "" when there is none.
std::string different(const Content& a, const Content& b);

/// Any exit code but a crash; and a reason, unless all went well.
void ends_well(const ShellResult& result, const std::string& where);
/// Exit code 2 and a reason.
void is_told(const ShellResult& result, const std::string& where);
void succeeds(const ShellResult& result, const std::string& where);
void was_killed(const ShellResult& result, const std::string& where);

/// A small build in a folder of its own: a recipe over a model of some kilobytes, which computes,
/// copies, checks, and writes several shards. Whatever happens to it, the output is absent or what
/// it was or complete, and the same command again completes it.
class SmallBuild : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  /// Runs a script in work_ with inarch on the path.
  ShellResult shell(const std::string& script) const;
  /// Builds with `words` before the program's name: an environment, or a program that runs others.
  ShellResult build(const std::vector<std::string>& words = {}) const;
  /// The same through a preloaded library of this folder.
  ShellResult build_with(const std::string& library, std::vector<std::string> environment) const;

  Content content() const { return content_of(work_ / "out"); }
  static Content content_of(const std::filesystem::path& folder);
  /// What runs have left beside the output.
  std::vector<std::string> leftovers() const;
  /// What is at the output's place before a run, and putting it there.
  Content before() const;
  void place_old() const;
  void clear() const;

  /// What must hold after every fault, and after the same command without one.
  void expect_sound(const ShellResult& result, const std::string& where) const;
  /// Lets `strike(n)` happen to a build for n = 1, 2, … until it comes to its end without having
  /// been struck; a strike makes the file hit_. `judge` looks at what the run answered.
  void strike_everywhere(const std::string& what, const std::function<ShellResult(int)>& strike,
                         const Judge& judge);
  /// The same for the n-th `call` into the C library; `fault` is as fault_injection.cpp takes it.
  void strike_calls(const std::string& call, const std::string& fault, const Judge& judge);

  bool replaces_ = false;  // an output that is there, with --force
  std::filesystem::path root_;
  std::filesystem::path work_;
  std::filesystem::path hit_;
  Content expected_;
};

/// A new file system in memory, mounted for one script only. False where that is not permitted.
bool can_mount();

}  // namespace inarch::faults
