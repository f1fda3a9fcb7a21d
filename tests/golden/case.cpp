#include "tests/golden/case.h"

#include <algorithm>
#include <sstream>

namespace inarch::golden {

namespace {

using Lines = std::vector<std::string>;

Lines split(const std::string& text) {
  Lines lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

struct Section {
  std::string kind;
  std::string argument;
};

/// The section that a line opens. A line of a file that merely starts with "--- " opens none.
std::optional<Section> opened(const std::string& line) {
  if (line.rfind("--- ", 0) != 0) return std::nullopt;
  std::istringstream in(line.substr(4));
  Section section;
  in >> section.kind >> section.argument;
  const bool takes_argument =
      section.kind == "file" || section.kind == "exit" || section.kind == "output";
  const bool plain = section.kind == "setup" || section.kind == "run" || section.kind == "stdout" ||
                     section.kind == "stderr";
  if (!takes_argument && !plain) return std::nullopt;
  if (takes_argument == section.argument.empty()) return std::nullopt;
  return section;
}

bool wildcard_match(const std::string& pattern, const std::string& text) {
  static const std::string any = "[..]";
  std::size_t from = pattern.find(any);
  if (from == std::string::npos) return pattern == text;
  if (text.compare(0, from, pattern, 0, from) != 0) return false;
  std::size_t at = from;
  while (true) {
    const std::size_t begin = from + any.size();
    const std::size_t next = pattern.find(any, begin);
    if (next == std::string::npos) {
      const std::size_t tail = pattern.size() - begin;
      return text.size() >= at + tail &&
             text.compare(text.size() - tail, tail, pattern, begin) == 0;
    }
    const std::size_t found = text.find(pattern.substr(begin, next - begin), at);
    if (found == std::string::npos) return false;
    at = found + (next - begin);
    from = next;
  }
}

constexpr const char* any_lines = "[...]";

/// table[i][j]: the fewest lines to mark when expected lines from i and actual lines from j are
/// left.
std::vector<std::vector<std::size_t>> align(const Lines& expected, const Lines& actual) {
  const std::size_t n = expected.size(), m = actual.size();
  std::vector<std::vector<std::size_t>> cost(n + 1, std::vector<std::size_t>(m + 1));
  for (std::size_t i = n + 1; i-- > 0;) {
    for (std::size_t j = m + 1; j-- > 0;) {
      if (i == n) {
        cost[i][j] = m - j;
      } else if (expected[i] == any_lines) {
        cost[i][j] = std::min(cost[i + 1][j], j < m ? cost[i][j + 1] : cost[i + 1][j]);
      } else if (j == m) {
        cost[i][j] = 1 + cost[i + 1][j];
      } else {
        cost[i][j] = 1 + std::min(cost[i + 1][j], cost[i][j + 1]);
        if (wildcard_match(expected[i], actual[j])) {
          cost[i][j] = std::min(cost[i][j], cost[i + 1][j + 1]);
        }
      }
    }
  }
  return cost;
}

constexpr std::size_t most_lines = 3000;

void write_section(std::string& out, const std::string& head, const std::string& body) {
  out += "--- " + head + "\n" + body;
  if (!body.empty() && body.back() != '\n') out += '\n';
}

}  // namespace

std::optional<Case> parse_case(const std::string& text, std::string& fault) {
  Case c;
  std::string* body = &c.description;
  for (const std::string& line : split(text)) {
    const auto section = opened(line);
    if (!section) {
      *body += line + "\n";
      continue;
    }
    static std::string none;
    if (section->kind == "file" || section->kind == "output") {
      auto& list = section->kind == "file" ? c.files : c.outputs;
      list.emplace_back(section->argument, "");
      body = &list.back().second;
    } else if (section->kind == "exit") {
      c.exit_code = std::stoi(section->argument);
      body = &none;
    } else {
      body = section->kind == "setup"    ? &c.setup
             : section->kind == "run"    ? &c.run
             : section->kind == "stdout" ? &c.out
                                         : &c.err;
    }
  }
  if (c.description.find_first_not_of(" \n") == std::string::npos) fault = "has no description";
  if (c.run.empty()) fault = "has no '--- run' section";
  if (!fault.empty()) return std::nullopt;
  return c;
}

std::string write_case(const Case& c) {
  std::string out = c.description;
  for (const auto& [name, body] : c.files) write_section(out, "file " + name, body);
  if (!c.setup.empty()) write_section(out, "setup", c.setup);
  write_section(out, "run", c.run);
  write_section(out, "exit " + std::to_string(c.exit_code), "");
  if (!c.out.empty()) write_section(out, "stdout", c.out);
  if (!c.err.empty()) write_section(out, "stderr", c.err);
  for (const auto& [name, body] : c.outputs) write_section(out, "output " + name, body);
  return out;
}

bool matches(const std::string& expected, const std::string& actual) {
  if (expected == actual) return true;
  const Lines want = split(expected), have = split(actual);
  if (want.size() > most_lines || have.size() > most_lines) return false;
  return align(want, have)[0][0] == 0;
}

std::string difference(const std::string& expected, const std::string& actual) {
  if (matches(expected, actual)) return {};
  Lines want = split(expected), have = split(actual);
  want.resize(std::min(want.size(), most_lines));
  have.resize(std::min(have.size(), most_lines));
  const auto cost = align(want, have);
  std::string out;
  std::size_t i = 0, j = 0;
  while (i < want.size() || j < have.size()) {
    const bool any = i < want.size() && want[i] == any_lines;
    if (any && cost[i][j] == cost[i + 1][j]) {
      ++i;
    } else if (any) {
      out += " " + have[j++] + "\n";
    } else if (i < want.size() && j < have.size() && cost[i][j] == cost[i + 1][j + 1] &&
               wildcard_match(want[i], have[j])) {
      out += " " + have[j++] + "\n";
      ++i;
    } else if (i < want.size() && cost[i][j] == 1 + cost[i + 1][j]) {
      out += "-" + want[i++] + "\n";
    } else {
      out += "+" + have[j++] + "\n";
    }
  }
  return out;
}

}  // namespace inarch::golden
