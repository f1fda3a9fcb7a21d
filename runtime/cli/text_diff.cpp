#include "runtime/cli/text_diff.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace inarch {

namespace {

using Lines = std::vector<std::string_view>;

constexpr std::ptrdiff_t most_edits = 2000;
constexpr std::size_t context = 3;

Lines lines_of(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return lines;
}

/// One line of the diff: ' ', '-' or '+'.
struct Edit {
  char sign = ' ';
  std::string_view line;
};

/// The furthest that paths of each number of edits reach, by diagonal: Myers' greedy search.
/// Nothing when there are more than most_edits.
std::vector<std::vector<std::ptrdiff_t>> search(const Lines& a, const Lines& b) {
  const auto n = static_cast<std::ptrdiff_t>(a.size());
  const auto m = static_cast<std::ptrdiff_t>(b.size());
  std::vector<std::vector<std::ptrdiff_t>> trace;
  std::vector<std::ptrdiff_t> reach(static_cast<std::size_t>(2 * most_edits + 3), 0);
  const auto at = [&](std::ptrdiff_t k) -> std::ptrdiff_t& {
    return reach[static_cast<std::size_t>(k + most_edits + 1)];
  };
  for (std::ptrdiff_t d = 0; d <= std::min(n + m, most_edits); ++d) {
    trace.emplace_back(static_cast<std::size_t>(2 * d + 1));
    for (std::ptrdiff_t k = -d; k <= d; k += 2) {
      std::ptrdiff_t x = k == -d || (k != d && at(k - 1) < at(k + 1)) ? at(k + 1) : at(k - 1) + 1;
      while (x < n && x - k < m &&
             a[static_cast<std::size_t>(x)] == b[static_cast<std::size_t>(x - k)])
        ++x;
      at(k) = x;
      trace.back()[static_cast<std::size_t>(k + d)] = x;
      if (x >= n && x - k >= m) return trace;
    }
  }
  return {};
}

/// The edits of the shortest path, from its end back to its start.
std::vector<Edit> edits_between(const Lines& a, const Lines& b) {
  std::vector<Edit> edits;
  const auto trace = search(a, b);
  if (trace.empty()) {
    for (const std::string_view line : a) edits.push_back({'-', line});
    for (const std::string_view line : b) edits.push_back({'+', line});
    return edits;
  }
  auto x = static_cast<std::ptrdiff_t>(a.size());
  auto y = static_cast<std::ptrdiff_t>(b.size());
  for (auto d = static_cast<std::ptrdiff_t>(trace.size()) - 1; d > 0; --d) {
    const auto& before = trace[static_cast<std::size_t>(d - 1)];
    const auto reach = [&](std::ptrdiff_t k) {
      return k < -(d - 1) || k > d - 1 ? std::ptrdiff_t{-1}
                                       : before[static_cast<std::size_t>(k + d - 1)];
    };
    const std::ptrdiff_t k = x - y;
    const bool down = k == -d || (k != d && reach(k - 1) < reach(k + 1));
    const std::ptrdiff_t from = down ? reach(k + 1) : reach(k - 1);
    const std::ptrdiff_t start = down ? from : from + 1;
    for (; x > start; --x, --y) edits.push_back({' ', a[static_cast<std::size_t>(x - 1)]});
    if (down) {
      edits.push_back({'+', b[static_cast<std::size_t>(--y)]});
    } else {
      edits.push_back({'-', a[static_cast<std::size_t>(--x)]});
    }
  }
  for (; x > 0; --x) edits.push_back({' ', a[static_cast<std::size_t>(x - 1)]});
  std::reverse(edits.begin(), edits.end());
  return edits;
}

std::string range_text(std::size_t first, std::size_t count) {
  const std::size_t shown = count == 0 ? first : first + 1;
  return count == 1 ? fmt::format("{}", shown) : fmt::format("{},{}", shown, count);
}

/// Where the changes that share their context end: after the last of them and its context.
std::size_t hunk_end(const std::vector<Edit>& edits, std::size_t first) {
  std::size_t last = first;
  for (std::size_t k = first; k < edits.size() && k <= last + 2 * context + 1; ++k) {
    if (edits[k].sign != ' ') last = k;
  }
  return std::min(last + 1 + context, edits.size());
}

}  // namespace

std::string unified_diff(std::string_view name, std::string_view before, std::string_view after) {
  if (before == after) return {};
  const std::vector<Edit> edits = edits_between(lines_of(before), lines_of(after));
  std::string out = fmt::format("--- {}\n+++ {}\n", name, name);
  std::size_t line_before = 0;
  std::size_t line_after = 0;
  std::size_t at = 0;
  while (true) {
    std::size_t change = at;
    while (change < edits.size() && edits[change].sign == ' ') ++change;
    if (change == edits.size()) return out;
    const std::size_t begin = std::max(at, change - std::min(change, context));
    line_before += begin - at;
    line_after += begin - at;
    const std::size_t end = hunk_end(edits, change);
    std::string body;
    std::size_t removed = 0;
    std::size_t added = 0;
    for (std::size_t k = begin; k < end; ++k) {
      body += edits[k].sign;
      body += edits[k].line;
      if (!edits[k].line.ends_with('\n')) body += "\n\\ No newline at end of file\n";
      removed += edits[k].sign != '+' ? 1 : 0;
      added += edits[k].sign != '-' ? 1 : 0;
    }
    out += fmt::format("@@ -{} +{} @@\n{}", range_text(line_before, removed),
                       range_text(line_after, added), body);
    line_before += removed;
    line_after += added;
    at = end;
  }
}

}  // namespace inarch
