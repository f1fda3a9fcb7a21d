// Holds the one rule of dependency: data flows right, includes point left; and each outside library
// comes in by its own door, never through a header.
//
//   check_includes REPOSITORY

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace fs = std::filesystem;

/// What each folder may include besides itself.
const std::map<std::string, std::vector<std::string>>& allowed_folders() {
  static const std::vector<std::string> stages = {
      "compiler/support",  "compiler/core",   "compiler/adapter",      "compiler/vocabulary",
      "compiler/tokenize", "compiler/recipe", "compiler/architecture", "compiler/mergekit",
      "compiler/ir",       "compiler/passes", "compiler/plan",         "compiler/compile"};
  static const std::map<std::string, std::vector<std::string>> table = [] {
    std::map<std::string, std::vector<std::string>> t;
    for (std::size_t i = 0; i < stages.size(); ++i) {
      t[stages[i]].assign(stages.begin(), stages.begin() + static_cast<std::ptrdiff_t>(i));
    }
    const std::vector<std::string> seen = {"compiler/support", "compiler/core", "compiler/plan"};
    const auto with = [&](std::vector<std::string> base, std::vector<std::string> more) {
      base.insert(base.end(), more.begin(), more.end());
      return base;
    };
    // Recognition serves whoever opens a checkpoint.
    t["compiler/picture"] = seen;
    t["compiler/encoding"] = {"compiler/support", "compiler/core"};
    t["runtime/io"] = with(seen, {"compiler/encoding"});
    t["runtime/kernels"] = seen;
    t["runtime/codecs"] = with(seen, {"runtime/kernels"});
    t["runtime/forward"] = with(seen, {"runtime/io", "runtime/kernels", "runtime/codecs"});
    t["runtime/experts"] = seen;
    t["runtime/executor"] =
        with(seen, {"runtime/io", "runtime/kernels", "runtime/codecs", "runtime/forward"});
    t["runtime/lock"] = with(seen, {"runtime/io", "runtime/executor"});
    t["runtime/cli"] =
        with(stages, {"compiler/encoding", "compiler/picture", "runtime/io", "runtime/kernels",
                      "runtime/codecs", "runtime/forward", "runtime/experts", "runtime/executor",
                      "runtime/lock"});
    return t;
  }();
  return table;
}

/// An outside library: how its headers start, and the files that may include it.
struct Door {
  std::string_view header;
  std::vector<std::string_view> files;  // a folder ending in '/', or the start of a file's path
};

const std::vector<Door>& doors() {
  static const std::vector<Door> table = {
      {"yaml-cpp/", {"compiler/recipe/"}},
      {"nlohmann/", {"compiler/core/json.cpp", "compiler/plan/", "runtime/io/"}},
      {"boost/program_options", {"runtime/cli/"}},
      {"boost/", {"compiler/ir/"}},
      {"tbb/", {"runtime/executor/"}},
      {"oneapi/tbb", {"runtime/executor/"}},
      {"cblas", {"runtime/kernels/gemm.cpp", "runtime/kernels/linear_algebra.cpp"}},
      {"openblas", {"runtime/kernels/gemm.cpp"}},
      {"xxhash", {"runtime/kernels/content_hash.cpp"}},
      {"pcre2", {"compiler/tokenize/text_pattern.cpp"}},
      {"utf8proc", {"compiler/tokenize/unicode_text.cpp"}},
      {"sentencepiece", {"compiler/tokenize/sentencepiece_engine.cpp"}},
      {"openssl/", {"compiler/support/sha256.cpp"}},
      {"curl/", {"runtime/io/hub"}},
  };
  return table;
}

bool starts_with(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

/// "compiler/ir" of "compiler/ir/graph.h".
std::string folder_of(std::string_view path) {
  const std::size_t first = path.find('/');
  if (first == std::string_view::npos) return {};
  return std::string(path.substr(0, path.find('/', first + 1)));
}

/// Why `file` may not include "`header`", or "".
std::string check_own(const std::string& file, const std::string& header) {
  const auto& table = allowed_folders();
  const std::string from = folder_of(file), to = folder_of(header);
  if (table.count(to) == 0) return "is not named from the repository's root";
  const auto rule = table.find(from);
  if (rule == table.end()) return "comes from a folder that has no rule";
  const auto& may = rule->second;
  if (from == to || std::find(may.begin(), may.end(), to) != may.end()) return {};
  return from + " may not see " + to;
}

/// Why `file` may not include <`header`>, or "".
std::string check_outside(const std::string& file, const std::string& header) {
  for (const Door& door : doors()) {
    if (!starts_with(header, door.header)) continue;
    if (fs::path(file).extension() == ".h") return "an outside library in a header";
    const bool open = std::any_of(door.files.begin(), door.files.end(),
                                  [&](std::string_view f) { return starts_with(file, f); });
    return open ? "" : "not the door of this library";
  }
  static constexpr std::array<std::string_view, 5> system = {"fmt/", "sys/", "linux/", "netinet/",
                                                             "arpa/"};
  const bool known = header.find('/') == std::string::npos ||
                     std::any_of(system.begin(), system.end(),
                                 [&](std::string_view s) { return starts_with(header, s); });
  return known ? "" : "an outside library without a door";
}

int check_file(const fs::path& path, const std::string& name) {
  std::ifstream in(path);
  int faults = 0, number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (!starts_with(line, "#include ") || line.size() < 12) continue;
    const bool own = line[9] == '"';
    const std::size_t end = line.find(own ? '"' : '>', 10);
    const std::string header = line.substr(10, end - 10);
    const std::string why = own ? check_own(name, header) : check_outside(name, header);
    if (why.empty()) continue;
    std::printf("%s:%d: %s: %s\n", name.c_str(), number, line.c_str(), why.c_str());
    ++faults;
  }
  return faults;
}

}  // namespace

int main(int count, char** words) {
  if (count != 2) return 2;
  const fs::path root = words[1];
  int files = 0, faults = 0;
  for (const char* part : {"compiler", "runtime"}) {
    for (const auto& entry : fs::recursive_directory_iterator(root / part)) {
      const fs::path extension = entry.path().extension();
      if (extension != ".cpp" && extension != ".h") continue;
      faults += check_file(entry.path(), fs::relative(entry.path(), root).generic_string());
      ++files;
    }
  }
  std::printf("%d files, %d faults\n", files, faults);
  return faults == 0 && files > 0 ? 0 : 1;
}
