#include "tests/faults/scene.h"

#include <csignal>
#include <cstdlib>

#include <fmt/format.h>

namespace inarch::faults {

namespace fs = std::filesystem;
using golden::read_file;
using golden::run_shell;
using golden::write_file;

namespace {

constexpr int most_strikes = 4000;
constexpr int seconds_per_script = 60;

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

bool has_reason(const ShellResult& result) {
  return result.err.find("error[") != std::string::npos;
}

}  // namespace

std::string different(const Content& a, const Content& b) {
  std::string names;
  for (const auto* one : {&a, &b}) {
    const Content& other = one == &a ? b : a;
    for (const auto& [name, bytes] : *one) {
      const auto found = other.find(name);
      if (found == other.end() || (found->second != bytes && one == &a)) names += name + " ";
    }
  }
  return names;
}

void ends_well(const ShellResult& result, const std::string& where) {
  EXPECT_TRUE(result.exit_code >= 0 && result.exit_code <= 2) << where;
  EXPECT_TRUE(result.exit_code == 0 || has_reason(result)) << where;
}

void is_told(const ShellResult& result, const std::string& where) {
  EXPECT_EQ(result.exit_code, 2) << where;
  EXPECT_TRUE(has_reason(result)) << where;
}

void succeeds(const ShellResult& result, const std::string& where) {
  EXPECT_EQ(result.exit_code, 0) << where;
}

void was_killed(const ShellResult& result, const std::string& where) {
  EXPECT_EQ(result.exit_code, 128 + SIGKILL) << where;
}

bool can_mount() {
  static const bool can =
      std::system("unshare -m mount -t tmpfs none /mnt >/dev/null 2>&1") == 0;  // NOLINT
  return can;
}

void SmallBuild::SetUp() {
  const std::string pattern = (fs::temp_directory_path() / "inarch-faults-XXXXXX").string();
  std::vector<char> path(pattern.begin(), pattern.end());
  path.push_back('\0');
  ASSERT_NE(::mkdtemp(path.data()), nullptr);
  root_ = path.data();
  work_ = root_ / "work";
  hit_ = root_ / "hit";
  fs::create_directory(work_);
  fs::create_directory(root_ / "capture");
  write_file(work_ / "config.json", config);
  write_file(work_ / "recipe.yaml", recipe);
  ASSERT_EQ(shell("inarch synth llama --config config.json -o model").exit_code, 0);
  ASSERT_EQ(build().exit_code, 0);
  expected_ = content();
  ASSERT_GT(expected_.size(), 3u);  // shards, index, config, manifest
  clear();
}

void SmallBuild::TearDown() { fs::remove_all(root_); }

ShellResult SmallBuild::shell(const std::string& script) const {
  const std::string path = fmt::format("PATH={}:/usr/bin:/bin:/usr/sbin:/sbin", INARCH_DIRECTORY);
  return run_shell(script, work_, root_ / "capture", {path}, seconds_per_script);
}

ShellResult SmallBuild::build(const std::vector<std::string>& words) const {
  std::string script = "exec env";  // what strikes is to strike inarch and not the shell
  for (const std::string& word : words) script += " " + word;
  return shell(script + " inarch run recipe.yaml -o out --jobs 1" + (replaces_ ? " --force" : ""));
}

ShellResult SmallBuild::build_with(const std::string& library,
                                   std::vector<std::string> environment) const {
  environment.push_back(fmt::format("LD_PRELOAD={}/lib{}.so", FAULTS_DIRECTORY, library));
  return build(environment);
}

Content SmallBuild::content_of(const fs::path& folder) {
  Content files;
  if (!fs::exists(folder)) return files;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    files[entry.path().filename().string()] = entry.is_regular_file() ? read_file(entry) : "";
  return files;
}

std::vector<std::string> SmallBuild::leftovers() const {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(work_)) {
    const std::string name = entry.path().filename().string();
    if (name.front() == '.' && name.find("lock") == std::string::npos) names.push_back(name);
  }
  return names;
}

Content SmallBuild::before() const { return replaces_ ? Content{{"precious", "old"}} : Content{}; }

void SmallBuild::place_old() const {
  if (!replaces_) return;
  fs::create_directory(work_ / "out");
  write_file(work_ / "out" / "precious", "old");
}

void SmallBuild::clear() const {
  for (const std::string& name : leftovers()) fs::remove_all(work_ / name);
  fs::remove_all(work_ / "out");
}

void SmallBuild::expect_sound(const ShellResult& result, const std::string& where) const {
  const Content found = content();
  EXPECT_TRUE(found == before() || found == expected_) << where;
  if (result.exit_code == 0) {
    EXPECT_EQ(different(found, expected_), "") << where;
  }
  EXPECT_EQ(build().exit_code, 0) << where;
  EXPECT_EQ(different(content(), expected_), "") << where;
  EXPECT_TRUE(leftovers().empty()) << where << leftovers().front();
}

void SmallBuild::strike_everywhere(const std::string& what,
                                   const std::function<ShellResult(int)>& strike,
                                   const Judge& judge) {
  int struck = 0;
  for (int at = 1; at <= most_strikes; ++at) {
    fs::remove(hit_);
    clear();
    place_old();
    const ShellResult result = strike(at);
    const std::string where =
        fmt::format("{} {}: exit {}\n{}", what, at, result.exit_code, result.err);
    if (!fs::exists(hit_)) {
      EXPECT_EQ(result.exit_code, 0) << where;
      break;
    }
    ++struck;
    judge(result, where);
    expect_sound(result, where);
    if (HasFailure()) return;
  }
  EXPECT_GT(struck, 0) << what << " never came";
  EXPECT_LT(struck, most_strikes);
  clear();
}

void SmallBuild::strike_calls(const std::string& call, const std::string& fault,
                              const Judge& judge) {
  const auto strike = [&](int at) {
    return build_with("fault_injection", {"FAULT_CALL=" + call, fmt::format("FAULT_AT={}", at),
                                          "FAULT_HIT=" + hit_.string(), fault});
  };
  strike_everywhere(call + " " + fault, strike, judge);
}

}  // namespace inarch::faults
