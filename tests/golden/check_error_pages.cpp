// Holds code and documentation together: each code that the sources name as "E203" or "W103" has a
// page in docs/errors/ that starts with "# E203: ", and each page is of a code that the sources
// name.
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

}  // namespace

int main(int count, char** words) {
  if (count != 2) return 2;
  const fs::path root = words[1];
  const auto codes = codes_in_sources(root);
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
