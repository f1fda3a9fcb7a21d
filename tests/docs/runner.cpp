// Holds the documentation to what the program does. Of each page given,
//
//   ```yaml recipe      is completed to a recipe and must pass `inarch check`
//   ```yaml recipe fails=E203     must be rejected with that code
//   ```sh test          must succeed
//   ```console test     must print what it shows, but for times, rates and memory; [..] and [...]
//                       stand for any text
//
// (```yaml architecture is another test's), and links to files must lead somewhere. Blocks of a
// page run in order in one folder, where `models` holds the models of tests/docs/models;
// `name=FILE` names the file that a recipe becomes.
//
//   runner --inarch PATH --source REPOSITORY [--update] PAGE…
//
// With --update, what console blocks show is replaced by what was printed, where it differs.

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <regex>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/docs/page.h"
#include "tests/golden/case.h"
#include "tests/golden/shell.h"

namespace inarch::docs {
namespace {

namespace fs = std::filesystem;
using golden::run_shell;
using golden::ShellResult;

constexpr int seconds_per_script = 120;

/// Text without what differs from run to run: times, rates, memory.
std::string settled(const std::string& text) {
  static const std::regex rate(R"( \([0-9.]+ [kMG]?B/s\))");
  static const std::regex measured(R"([0-9.]+ (s|ms|[KMG]iB)\b)");
  return std::regex_replace(std::regex_replace(text, rate, ""), measured, "# $1");
}

class Runner {
 public:
  Runner(const fs::path& inarch, fs::path source, bool update)
      : source_(std::move(source)), update_(update) {
    std::string name = (fs::temp_directory_path() / "inarch-docs-XXXXXX").string();
    if (!mkdtemp(name.data())) throw std::runtime_error("cannot make a temporary folder");
    root_ = fs::canonical(name);
    for (const char* folder : {"capture", "home", "models"}) fs::create_directory(root_ / folder);
    const char* const path = std::getenv("PATH");
    environment_ = {"PATH=" + inarch.parent_path().string() + ":" + (path ? path : "/usr/bin:/bin"),
                    "HOME=" + (root_ / "home").string(), "SOURCE=" + source_.string(), "NO_COLOR=1",
                    "LC_ALL=C.UTF-8"};
    for (const char* option : {"ASAN_OPTIONS", "UBSAN_OPTIONS"}) {
      if (const char* value = std::getenv(option))
        environment_.push_back(std::string(option) + "=" + value);
    }
  }
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;
  ~Runner() {
    std::error_code ignored;
    fs::remove_all(root_, ignored);
  }

  void make_models() {
    const ShellResult made =
        shell("sh -e \"$SOURCE/tests/docs/models/make\" " + (root_ / "models").string(), root_);
    if (made.exit_code != 0) throw std::runtime_error("no models\n" + made.out + made.err);
  }

  void run_page(const std::string& page) {
    page_ = page;
    const std::string markdown = golden::read_file(source_ / page);
    if (markdown.empty()) return fail(0, "the page is empty or not there");
    for (const std::string& link : relative_links(markdown)) {
      if (!fs::exists((source_ / page).parent_path() / link)) fail(0, "leads nowhere: " + link);
    }
    const fs::path folder = root_ / ("page-" + fs::path(page).stem().string());
    fs::create_directory(folder);
    fs::create_directory_symlink(root_ / "models", folder / "models");
    std::vector<std::pair<Block, std::string>> changes;
    for (const Block& block : blocks_of(markdown)) {
      const std::string text = run_block(block, folder);
      if (text != block.text) changes.emplace_back(block, text);
    }
    if (!update_ || changes.empty()) return;
    std::string updated = markdown;
    for (auto change = changes.rbegin(); change != changes.rend(); ++change)
      updated = with_block(updated, change->first, change->second);
    golden::write_file(source_ / page, updated);
  }

  int ran() const { return ran_; }
  int failed() const { return failed_; }

 private:
  ShellResult shell(const std::string& script, const fs::path& folder) const {
    return run_shell(script, folder, root_ / "capture", environment_, seconds_per_script);
  }

  void fail(int line, const std::string& what) {
    ++failed_;
    std::printf("FAILED %s:%d: %s\n", page_.c_str(), line, what.c_str());
  }

  /// The block's text as it should be.
  std::string run_block(const Block& block, const fs::path& folder) {
    if (block.says("console") && block.says("test")) return run_console(block, folder);
    if (block.says("yaml") && block.says("recipe")) {
      run_recipe(block, folder);
    } else if (block.says("sh") && block.says("test")) {
      ++ran_;
      const ShellResult result = shell("set -e\n" + block.text, folder);
      if (result.exit_code != 0)
        fail(block.line,
             "exit " + std::to_string(result.exit_code) + "\n" + result.out + result.err);
    } else if (block.says("yaml") && !block.says("architecture")) {
      fail(block.line, "an example in YAML that no test reads: write ```yaml recipe");
    }
    return block.text;
  }

  std::string run_console(const Block& block, const fs::path& folder) {
    std::vector<Exchange> exchanges = exchanges_of(block.text);
    for (Exchange& exchange : exchanges) {
      ++ran_;
      const ShellResult result = shell("exec 2>&1\n" + exchange.command, folder);
      const std::string difference =
          golden::difference(settled(exchange.output), settled(result.out));
      if (difference.empty()) continue;
      if (!update_) fail(block.line, "$ " + exchange.command + "\n" + difference);
      exchange.output = result.out;
    }
    return console_of(exchanges);
  }

  void run_recipe(const Block& block, const fs::path& folder) {
    ++ran_;
    const std::string name = block.option("name", "recipe.yaml");
    const std::string recipe = whole_recipe(block.text);
    golden::write_file(folder / name, recipe);
    const ShellResult result = shell("inarch check '" + name + "'", folder);
    const std::string code = block.option("fails", "");
    const bool as_expected =
        code.empty()
            ? result.exit_code == 0
            : result.exit_code == 1 && result.err.find("error[" + code + "]") != std::string::npos;
    if (!as_expected) {
      fail(block.line, "exit " + std::to_string(result.exit_code) + " of this recipe:\n" + recipe +
                           result.out + result.err);
    }
  }

  fs::path source_;
  fs::path root_;
  std::vector<std::string> environment_;
  bool update_ = false;
  std::string page_;
  int ran_ = 0;
  int failed_ = 0;
};

int run(int count, char** words) {
  fs::path inarch, source;
  bool update = false;
  std::vector<std::string> pages;
  for (int i = 1; i < count; ++i) {
    const std::string word = words[i];
    if (word == "--inarch" && i + 1 < count) {
      inarch = fs::absolute(words[++i]);
    } else if (word == "--source" && i + 1 < count) {
      source = fs::absolute(words[++i]);
    } else if (word == "--update") {
      update = true;
    } else {
      pages.push_back(word);
    }
  }
  if (inarch.empty() || source.empty() || pages.empty()) {
    std::fprintf(stderr, "usage: %s --inarch PATH --source REPOSITORY [--update] PAGE…\n",
                 words[0]);
    return 2;
  }
  Runner runner(inarch, source, update);
  runner.make_models();
  for (const std::string& page : pages) runner.run_page(page);
  std::printf("%d examples on %zu pages, %d failed\n", runner.ran(), pages.size(), runner.failed());
  return runner.failed() == 0 && runner.ran() > 0 ? 0 : 1;
}

}  // namespace
}  // namespace inarch::docs

int main(int count, char** words) {
  try {
    return inarch::docs::run(count, words);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 2;
  }
}
