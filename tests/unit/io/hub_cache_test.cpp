#include "runtime/io/hub_cache.h"

#include <map>
#include <string>

#include <gtest/gtest.h>

#include "temporary_directory.h"

namespace inarch {
namespace {

using Variables = std::map<std::string, std::string>;

Environment environment(const Variables& variables) {
  return [variables](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
}

std::string read(std::string_view text, std::string_view revision = {}) {
  const auto reference = parse_hub_reference(text, revision);
  return reference ? reference->repository + " " + reference->revision : reference.error().code;
}

TEST(HubReference, ReadsTheWaysPeopleWriteIt) {
  EXPECT_EQ(read("org/name"), "org/name main");
  EXPECT_EQ(read("org/name-1.5_B"), "org/name-1.5_B main");
  EXPECT_EQ(read("org/name", "v2"), "org/name v2");
  EXPECT_EQ(read("org/name@refs/pr/3"), "org/name refs/pr/3");
  EXPECT_EQ(read("hf://org/name"), "org/name main");
  EXPECT_EQ(read("hf://models/org/name@dev"), "org/name dev");
  EXPECT_EQ(read("hf://org/name@dev", "v3"), "org/name v3");
  EXPECT_EQ(read("https://hub.example/org/name"), "org/name main");
  EXPECT_EQ(read("https://hub.example/org/name/"), "org/name main");
  EXPECT_EQ(read("http://hub.example:8080/org/name/tree/v2?x=1#top"), "org/name v2");
  EXPECT_EQ(read("https://hub.example/org/name/blob/main/config.json"), "org/name main");
}

TEST(HubReference, RefusesWhatCouldLeaveTheCache) {
  for (const std::string text :
       {"", "name", "org/", "/name", "org/name/more", "../name", "org/..", "org/a..b", "org/a--b",
        "org/.hidden", "org/name.", "org/na me", "org/name\n", "a\\b/c", "https://hub.example/org",
        "https://hub.example/../..", "https://", "datasets/org/name", "org/n\xC3\xA9"}) {
    EXPECT_EQ(read(text), "E434") << text;
  }
  for (const std::string revision :
       {"../x", "/x", "a/../b", "x/", ".x", "a/.b", "-x", "a b", "a\nb", "a//b"}) {
    EXPECT_EQ(read("org/name", revision), "E434") << revision;
  }
}

TEST(HubCache, IsWhereTheEnvironmentSays) {
  Variables variables{{"HOME", "/h"}};
  EXPECT_EQ(hub_cache_directory(environment(variables)), "/h/.cache/huggingface/hub");
  variables["XDG_CACHE_HOME"] = "/x";
  EXPECT_EQ(hub_cache_directory(environment(variables)), "/x/huggingface/hub");
  variables["HF_HOME"] = "~/hf";
  EXPECT_EQ(hub_cache_directory(environment(variables)), "/h/hf/hub");
  variables["HF_HUB_CACHE"] = "/cache";
  EXPECT_EQ(hub_cache_directory(environment(variables)), "/cache");
  variables["HF_HUB_CACHE"] = "";
  EXPECT_EQ(hub_cache_directory(environment(variables)), "/h/hf/hub");
  EXPECT_EQ(hub_cache_directory(environment({})), "");
}

class FindSnapshot : public testing::Test {
 protected:
  std::string find(const std::string& text) {
    const auto reference = parse_hub_reference(text);
    const auto found =
        find_snapshot(*reference, environment({{"HF_HUB_CACHE", directory_.path()}}));
    if (found) return *found;
    last_ = found.error();
    return last_.code;
  }
  const std::string commit_ = "0123456789abcdef0123456789abcdef01234567";
  TemporaryDirectory directory_;
  Diagnostic last_;
};

TEST_F(FindSnapshot, FollowsRefsToCommits) {
  directory_.write("models--o--n/refs/main", commit_ + "\n");
  directory_.write("models--o--n/refs/refs/pr/1", commit_);
  directory_.write("models--o--n/snapshots/" + commit_ + "/config.json", "{}");
  const std::string snapshot = directory_.at("models--o--n/snapshots/" + commit_);
  EXPECT_EQ(find("o/n"), snapshot);
  EXPECT_EQ(find("o/n@refs/pr/1"), snapshot);
  EXPECT_EQ(find("o/n@" + commit_), snapshot);
  EXPECT_EQ(find("o/n@v2"), "E435");
  EXPECT_EQ(last_.help.substr(0, 34), "hf download o/n --revision v2, or ");
  EXPECT_EQ(find("o/n@" + std::string(40, 'f')), "E435");
}

TEST_F(FindSnapshot, SaysWhereItLookedAndWhatToType) {
  EXPECT_EQ(find("o/n"), "E433");
  EXPECT_NE(last_.message.find(directory_.at("models--o--n")), std::string::npos);
  EXPECT_EQ(last_.help, "hf download o/n, or point the source elsewhere with --source NAME=PATH");
  ASSERT_EQ(last_.notes.size(), 1u);
  EXPECT_EQ(last_.notes.front(), "inarch does not download models yet");
  const auto homeless = find_snapshot({"o/n", "main"}, environment({}));
  ASSERT_FALSE(homeless);
  EXPECT_EQ(homeless.error().code, "E433");
}

TEST_F(FindSnapshot, TrustsNoRefThatIsNoCommit) {
  directory_.write("models--o--n/refs/main", "../../../elsewhere");
  EXPECT_EQ(find("o/n"), "E435");
  directory_.write("models--o--n/refs/main", commit_);
  EXPECT_EQ(find("o/n"), "E435");  // the commit's snapshot is not there
}

}  // namespace
}  // namespace inarch
