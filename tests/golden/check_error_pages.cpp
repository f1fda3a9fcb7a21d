// Holds code and documentation together: each code that the sources name as "E203" or "W103" has a
// page in docs/errors/ that starts with "# E203: ", and each page is of a code that the sources
// name. A page without an example of its own has a golden test of its name, which `inarch explain`
// shows, but for a few that are rare.
//
//   check_error_pages REPOSITORY

#include <cctype>
#include <cstdio>
#include <filesystem>
#include <map>
#include <set>
#include <string>

#include "tests/golden/shell.h"

namespace {

namespace fs = std::filesystem;
using inarch::golden::read_file;

bool is_code(const std::string& text) {
  if (text.size() != 4 || (text[0] != 'E' && text[0] != 'W')) return false;
  for (std::size_t i = 1; i < 4; ++i) {
    if (std::isdigit(static_cast<unsigned char>(text[i])) == 0) return false;
  }
  return true;
}

/// Code, and one file that names it.
std::map<std::string, std::string> codes_in_sources(const fs::path& root) {
  std::map<std::string, std::string> codes;
  for (const char* part : {"compiler", "runtime"}) {
    for (const auto& entry : fs::recursive_directory_iterator(root / part)) {
      const fs::path extension = entry.path().extension();
      if (extension != ".cpp" && extension != ".h") continue;
      const std::string text = read_file(entry.path());
      for (std::size_t at = text.find('"'); at != std::string::npos; at = text.find('"', at + 1)) {
        const std::string code = text.substr(at + 1, 4);
        const bool quoted = at + 5 < text.size() && text[at + 5] == '"';
        // A literal, not a mention in a comment.
        const std::size_t line = text.rfind('\n', at) + 1;
        const bool comment = text.substr(line, at - line).find("//") != std::string::npos;
        if (quoted && !comment && is_code(code)) {
          codes.emplace(code, fs::relative(entry.path(), root).string());
        }
      }
    }
  }
  return codes;
}

/// Disks that fail or are full, memory that runs out, faults of inarch itself, caches that somebody
/// tampered with, parts of mergekit that few have: no test of one command shows these.
const std::set<std::string> rare = {"E431", "E572", "E702", "E703", "E704",
                                    "E711", "E901", "E903", "W710"};

/// Whether a page has lines of code.
bool has_example(const std::string& page) {
  return page.find("\n    ") != std::string::npos || page.find("```") != std::string::npos;
}

/// Codes after which a golden test is named.
std::set<std::string> codes_of_tests(const fs::path& root) {
  std::set<std::string> codes;
  for (const auto& entry : fs::recursive_directory_iterator(root / "tests/golden")) {
    if (entry.path().extension() == ".golden") codes.insert(entry.path().stem());
  }
  return codes;
}

}  // namespace

int main(int count, char** words) {
  if (count != 2) return 2;
  const fs::path root = words[1];
  const auto codes = codes_in_sources(root);
  const auto tested = codes_of_tests(root);
  std::set<std::string> pages;
  int faults = 0;
  for (const auto& entry : fs::directory_iterator(root / "docs/errors")) {
    const std::string code = entry.path().stem();
    if (!is_code(code)) continue;
    pages.insert(code);
    const std::string page = read_file(entry.path());
    const std::string head = "# " + code + ": ";
    if (page.compare(0, head.size(), head) != 0) {
      std::printf("docs/errors/%s.md does not start with '%s'\n", code.c_str(), head.c_str());
      ++faults;
    }
    if (!has_example(page) && rare.count(code) == 0 && tested.count(code) == 0) {
      std::printf("docs/errors/%s.md has no example, and there is no golden test of that name\n",
                  code.c_str());
      ++faults;
    }
    if (codes.count(code) == 0) {
      std::printf("docs/errors/%s.md explains a code that no source names\n", code.c_str());
      ++faults;
    }
  }
  for (const auto& [code, file] : codes) {
    if (pages.count(code) != 0) continue;
    std::printf("%s names %s, which has no page docs/errors/%s.md\n", file.c_str(), code.c_str(),
                code.c_str());
    ++faults;
  }
  std::printf("%zu codes, %zu pages, %d faults\n", codes.size(), pages.size(), faults);
  return faults == 0 ? 0 : 1;
}
