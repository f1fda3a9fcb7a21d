// Holds docs/faults.md and the tests together. Each row of its table is a fault with the tests that
// show what happens then, as `FILE` or `FILE` `Test` …; every file is there and holds the tests
// named after it, each fault is there once, and what carries a fault's number is what the table
// says: FaultNN… in C++, test_fault_NN… in Python, fault_NN… in the name of a golden test. Every
// such test is in the table.
//
//   check_faults REPOSITORY

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/golden/shell.h"

namespace {

namespace fs = std::filesystem;
using inarch::golden::read_file;

constexpr int all_faults = 69;

int faults_found = 0;

void complain(const std::string& what) {
  std::printf("%s\n", what.c_str());
  ++faults_found;
}

bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }
bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// The number in "Fault17HeaderTooLong", "test_fault_17_header" or "E402_fault_17.golden"; or 0.
int number_in(const std::string& name) {
  for (const char* word : {"Fault", "fault_"}) {
    const std::size_t at = name.find(word);
    if (at == std::string::npos) continue;
    const std::size_t digits = at + std::string(word).size();
    if (digits + 1 < name.size() && is_digit(name[digits]) && is_digit(name[digits + 1]))
      return std::stoi(name.substr(digits, 2));
  }
  return 0;
}

/// What stands in backticks.
std::vector<std::string> quoted(const std::string& line) {
  std::vector<std::string> found;
  for (std::size_t at = line.find('`'); at != std::string::npos; at = line.find('`', at)) {
    const std::size_t end = line.find('`', at + 1);
    if (end == std::string::npos) break;
    found.push_back(line.substr(at + 1, end - at - 1));
    at = end + 1;
  }
  return found;
}

/// Whole words of a text that carry a fault's number.
std::set<std::string> numbered_words(const std::string& text) {
  std::set<std::string> found;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && is_word(text[end])) ++end;
    const std::string word = text.substr(at, end - at);
    const bool names_test = word.starts_with("Fault") || word.starts_with("test_fault_");
    if (names_test && number_in(word) != 0) found.insert(word);
    at = end + 1;
  }
  return found;
}

using Tests = std::map<std::string, std::set<std::string>>;  // by file; a golden test has none

/// All tests below tests/ that carry a number.
Tests tests_in(const fs::path& root) {
  Tests tests;
  for (const auto& entry : fs::recursive_directory_iterator(root / "tests")) {
    const fs::path& path = entry.path();
    const std::string name = fs::relative(path, root).string();
    if (path.extension() == ".golden" && number_in(path.filename()) != 0) tests[name];
    if (path.extension() != ".cpp" && path.extension() != ".py") continue;
    if (path.filename() == "check_faults.cpp") continue;
    const auto words = numbered_words(read_file(path));
    if (!words.empty()) tests[name] = words;
  }
  return tests;
}

/// One row's tests; takes those that it names out of `unnamed`.
void check_row(int number, const std::string& row, const Tests& tests, Tests& unnamed) {
  std::string file;
  bool any = false;
  for (const std::string& word : quoted(row)) {
    const bool is_file = word.starts_with("tests/");
    if (!is_file && number_in(word) == 0) continue;
    any = true;
    const std::string where = std::to_string(number) + ": " + word;
    if (is_file) {
      file = word;
      if (tests.count(file) == 0) complain(where + " is no file of tests with a number");
      if (file.ends_with(".golden")) unnamed.erase(file);
    } else if (tests.count(file) == 0 || tests.at(file).count(word) == 0) {
      complain(where + " is not in " + file);
    } else {
      unnamed[file].erase(word);
    }
    const bool numbered = !is_file || word.ends_with(".golden");
    if (numbered && number_in(word) != number) complain(where + " is of another fault");
  }
  if (!any && row.find("no network yet") == std::string::npos)
    complain(std::to_string(number) + " has no test");
}

/// The number that a row of the table begins with, or 0.
int number_of(const std::string& row) {
  if (!row.starts_with("| ") || row.size() < 4 || !is_digit(row[2])) return 0;
  return std::stoi(row.substr(2));
}

}  // namespace

int main(int count, char** words) {
  if (count != 2) return 2;
  const fs::path root = words[1];
  const Tests tests = tests_in(root);
  Tests unnamed = tests;
  std::set<int> numbers;
  const std::string page = read_file(root / "docs/faults.md");
  for (std::size_t at = 0; at < page.size();) {
    const std::size_t end = std::min(page.find('\n', at), page.size());
    const std::string row = page.substr(at, end - at);
    at = end + 1;
    const int number = number_of(row);
    if (number == 0) continue;
    if (!numbers.insert(number).second) complain(std::to_string(number) + " is there twice");
    check_row(number, row, tests, unnamed);
  }
  for (int number = 1; number <= all_faults; ++number) {
    if (numbers.count(number) == 0) complain(std::to_string(number) + " is not in the table");
  }
  for (const auto& [file, names] : unnamed) {
    if (file.ends_with(".golden")) complain("the table does not have " + file);
    for (const std::string& name : names) complain("the table does not have " + file + " " + name);
  }
  std::printf("%zu faults, %d complaints\n", numbers.size(), faults_found);
  return faults_found == 0 ? 0 : 1;
}
