// Runs the golden tests: each *.golden file is one case (see case.h).
//
//   runner --inarch PATH --source REPOSITORY [--update] [--filter TEXT] [--leave-out NAME]...
//   [--jobs N] FOLDER
//
// GOLDEN_SETUP_INARCH names a program that makes what cases need, in place of the one that is
// tested: half of all commands are there for that, and where the tested one is slow to start they
// take two fifths of the time and show nothing new.

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/golden/case.h"
#include "tests/golden/shell.h"

namespace inarch::golden {
namespace {

namespace fs = std::filesystem;

struct Options {
  fs::path inarch;
  fs::path setup_inarch;
  fs::path source;
  fs::path folder;
  std::string filter;
  std::vector<std::string> left_out;  // names without their extension
  bool update = false;
  int jobs = 2;
};

constexpr int seconds_per_script = 120;

std::optional<Options> parse_options(int count, char** words) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string word = words[i];
    const bool has_value = i + 1 < count;
    if (word == "--update") {
      options.update = true;
    } else if (word == "--inarch" && has_value) {
      options.inarch = fs::absolute(words[++i]);
    } else if (word == "--source" && has_value) {
      options.source = fs::absolute(words[++i]);
    } else if (word == "--filter" && has_value) {
      options.filter = words[++i];
    } else if (word == "--leave-out" && has_value) {
      options.left_out.push_back(words[++i]);
    } else if (word == "--jobs" && has_value) {
      options.jobs = std::max(1, std::atoi(words[++i]));
    } else if (word.rfind("--", 0) != 0 && options.folder.empty()) {
      options.folder = word;
    } else {
      return std::nullopt;
    }
  }
  if (options.inarch.empty() || options.source.empty() || options.folder.empty())
    return std::nullopt;
  const char* const setup = std::getenv("GOLDEN_SETUP_INARCH");
  options.setup_inarch = setup ? fs::absolute(setup) : options.inarch;
  return options;
}

std::vector<fs::path> find_cases(const Options& options) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::recursive_directory_iterator(options.folder)) {
    const bool wanted = entry.path().extension() == ".golden" &&
                        entry.path().string().find(options.filter) != std::string::npos &&
                        std::find(options.left_out.begin(), options.left_out.end(),
                                  entry.path().stem()) == options.left_out.end();
    if (wanted) paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

/// A fresh folder for one case, removed with it.
class Sandbox {
 public:
  Sandbox() {
    std::string name = (fs::temp_directory_path() / "inarch-golden-XXXXXX").string();
    if (!mkdtemp(name.data())) throw std::runtime_error("cannot make a temporary folder");
    root_ = fs::canonical(name);
    for (const char* folder : {"work", "home", "tmp", "capture"})
      fs::create_directory(root_ / folder);
  }
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;
  ~Sandbox() {
    std::error_code ignored;
    fs::remove_all(root_, ignored);
  }

  fs::path work() const { return root_ / "work"; }

  ShellResult run(const std::string& script, const fs::path& inarch, const Options& options) const {
    const char* const path = std::getenv("PATH");
    std::vector<std::string> environment = {
        "PATH=" + inarch.parent_path().string() + ":" + (path ? path : "/usr/bin:/bin"),
        "HOME=" + (root_ / "home").string(),
        "TMPDIR=" + (root_ / "tmp").string(),
        "SOURCE=" + options.source.string(),
        "NO_COLOR=1",
        "LC_ALL=C",
        "TZ=UTC"};
    for (const char* name : {"ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"}) {
      if (const char* value = std::getenv(name)) {
        environment.push_back(std::string(name) + "=" + value);
      }
    }
    return run_shell(script, work(), root_ / "capture", environment, seconds_per_script);
  }

  std::string normalised(std::string text, const Options& options) const {
    replace_all(text, work().string(), "$DIR");
    replace_all(text, root_.string(), "$TMP");
    replace_all(text, options.source.string(), "$SOURCE");
    return text;
  }

 private:
  fs::path root_;
};

std::string section_difference(const std::string& name, const std::string& expected,
                               const std::string& actual) {
  const std::string lines = difference(expected, actual);
  return lines.empty() ? "" : "  " + name + " (- expected, + actual)\n" + lines;
}

/// What differs, or "".
std::string compare(const Case& expected, const Case& actual) {
  std::string found;
  if (actual.exit_code != expected.exit_code) {
    found += "  exit " + std::to_string(actual.exit_code) + ", expected " +
             std::to_string(expected.exit_code) + "\n";
  }
  found += section_difference("stdout", expected.out, actual.out);
  found += section_difference("stderr", expected.err, actual.err);
  for (std::size_t i = 0; i < expected.outputs.size(); ++i) {
    found += section_difference(expected.outputs[i].first, expected.outputs[i].second,
                                actual.outputs[i].second);
  }
  return found;
}

/// Takes over what was found, except where the expectation and its wildcards already match.
void update(Case& expected, const Case& actual) {
  const auto take = [](std::string& old, const std::string& found) {
    if (!matches(old, found)) old = found;
  };
  expected.exit_code = actual.exit_code;
  take(expected.out, actual.out);
  take(expected.err, actual.err);
  for (std::size_t i = 0; i < expected.outputs.size(); ++i) {
    take(expected.outputs[i].second, actual.outputs[i].second);
  }
}

/// What differs, or "".
std::string run_case(const fs::path& path, const Options& options) {
  std::string fault;
  const std::string text = read_file(path);
  auto expected = parse_case(text, fault);
  if (!expected) return "  the file " + fault + "\n";
  const Sandbox sandbox;
  for (const auto& [name, body] : expected->files) write_file(sandbox.work() / name, body);
  if (!expected->setup.empty()) {
    const ShellResult setup =
        sandbox.run("set -e\n" + expected->setup, options.setup_inarch, options);
    if (setup.exit_code != 0) {
      return "  setup failed with " + std::to_string(setup.exit_code) + "\n" + setup.out +
             setup.err;
    }
  }
  const ShellResult result = sandbox.run(expected->run, options.inarch, options);
  if (result.timed_out) return "  ran longer than two minutes\n";
  Case actual = *expected;
  actual.exit_code = result.exit_code;
  actual.out = sandbox.normalised(result.out, options);
  actual.err = sandbox.normalised(result.err, options);
  for (auto& [name, body] : actual.outputs) {
    body = sandbox.normalised(read_file(sandbox.work() / name), options);
  }
  if (!options.update) return compare(*expected, actual);
  update(*expected, actual);
  const std::string updated = write_case(*expected);
  if (updated != text) write_file(path, updated);
  return {};
}

int run_all(const Options& options) {
  const std::vector<fs::path> cases = find_cases(options);
  if (cases.empty()) {
    std::fprintf(stderr, "no golden test in %s matches\n", options.folder.c_str());
    return 2;
  }
  std::atomic<std::size_t> next = 0;
  std::atomic<int> failed = 0;
  std::mutex printing;
  const auto work = [&] {
    for (std::size_t i = next++; i < cases.size(); i = next++) {
      std::string found;
      try {
        found = run_case(cases[i], options);
      } catch (const std::exception& e) {
        found = std::string("  ") + e.what() + "\n";
      }
      if (found.empty()) continue;
      ++failed;
      const std::lock_guard lock(printing);
      std::printf("FAILED %s\n%s\n", cases[i].c_str(), found.c_str());
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < options.jobs; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  std::printf("%zu golden tests, %d failed\n", cases.size(), failed.load());
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace inarch::golden

int main(int count, char** words) {
  const auto options = inarch::golden::parse_options(count, words);
  if (!options) {
    std::fprintf(stderr,
                 "usage: %s --inarch PATH --source REPOSITORY [--update] [--filter TEXT] "
                 "[--leave-out NAME]... [--jobs N] FOLDER\n",
                 words[0]);
    return 2;
  }
  return inarch::golden::run_all(*options);
}
