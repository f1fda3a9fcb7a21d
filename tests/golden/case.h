#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace inarch::golden {

/// One *.golden file: free text about the case, then sections, each opened by a line of its own:
///
///   --- file NAME     an input file
///   --- setup         shell lines that must succeed; their output is not compared
///   --- run           shell lines; their output and the exit code of the last are compared
///   --- exit N        0 when left out
///   --- stdout        expected, empty when left out
///   --- stderr        expected, empty when left out
///   --- output NAME   what a file must hold after the run
///
/// In expectations, [..] stands for any text within a line and a line [...] for any number of
/// lines. The case's folder reads $DIR, the repository $SOURCE.
struct Case {
  std::string path;
  std::string description;
  std::vector<std::pair<std::string, std::string>> files;
  std::string setup;
  std::string run;
  int exit_code = 0;
  std::string out;
  std::string err;
  std::vector<std::pair<std::string, std::string>> outputs;
};

/// Nothing, and the reason in `fault`, when the text breaks the format.
std::optional<Case> parse_case(const std::string& text, std::string& fault);
/// The text of a case, sections in the order above, empty expectations left out.
std::string write_case(const Case& c);

/// Whether lines match an expectation with its wildcards.
bool matches(const std::string& expected, const std::string& actual);
/// The lines of both, marked as in a unified diff; "" when they match.
std::string difference(const std::string& expected, const std::string& actual);

}  // namespace inarch::golden
