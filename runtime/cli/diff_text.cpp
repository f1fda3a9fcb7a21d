#include <fmt/format.h>

#include "compiler/support/sizes.h"
#include "compiler/support/text.h"
#include "runtime/cli/diff_report.h"
#include "runtime/cli/name_groups.h"
#include "runtime/cli/text_table.h"

namespace inarch {

namespace {

using Cells = std::vector<std::string>;
using Columns = std::vector<TextTable::Column>;

std::string shown_name(const DiffLine& line) {
  return escape_for_terminal(line.group.text(shown_ranges), 8192);
}

std::string kind_text(const TensorKind& kind) {
  return fmt::format("{} {}", name(kind.dtype), format_shape(kind.shape));
}

/// How many tensors a line stands for; "" where each has its own.
std::string count_text(const DiffLine& line, bool single) {
  return single ? "" : format_count(static_cast<std::int64_t>(line.group.members.size()));
}

std::string differing_text(const ValueDistance& distance) {
  if (distance.differing == distance.count) return "all";
  const double share =
      100.0 * static_cast<double>(distance.differing) / static_cast<double>(distance.count);
  return share < 0.1 ? format_count(distance.differing) : fmt::format("{:.1f} %", share);
}

std::string short_number(double number) {
  return number == 0 ? "0" : fmt::format("{:.3g}", number);
}

Cells distance_cells(const DiffLine& line) {
  if (!line.distance) return {"", "", "", "", ""};
  const ValueDistance& d = *line.distance;
  return {short_number(d.relative()), short_number(d.largest), fmt::format("{:.6f}", d.cosine()),
          differing_text(d), line.group.tell_apart(line.worst)};
}

/// A section of the report: a row for each line of one kind of difference. `cells` gives what
/// follows the name.
template <typename CellsOf>
std::string section(const DiffReport& report, Difference difference, Columns columns,
                    std::size_t width, const CellsOf& cells) {
  TextTable table(std::move(columns));
  bool any = false;
  std::int64_t left_out = 0;
  for (const DiffLine& line : report.lines) {
    if (line.difference != difference) continue;
    Cells row = cells(line);
    row.insert(row.begin(), shown_name(line));
    table.add(std::move(row));
    if (line.distance) left_out += line.distance->not_finite;
    any = true;
  }
  if (!any) return {};
  std::string text = table.text(width);
  if (left_out > 0)
    text += fmt::format("({} differing pairs with NaN or an infinity are left out of distances)\n",
                        format_count(left_out));
  return text + "\n";
}

std::string one_sided(const DiffReport& report, Difference difference, std::string title,
                      std::size_t width) {
  const auto right = TextTable::Align::right;
  const Columns columns = {
      {std::move(title)}, {"type"}, {"shape", right}, {"tensors", right}, {"size", right}};
  return section(report, difference, columns, width, [&](const DiffLine& line) -> Cells {
    const TensorKind& kind = difference == Difference::only_in_b ? line.b : line.a;
    return {std::string(name(kind.dtype)), format_shape(kind.shape),
            count_text(line, report.single), format_bytes(line.bytes)};
  });
}

std::string other_shapes(const DiffReport& report, std::size_t width) {
  const Columns columns = {
      {"other shape"}, {"in A"}, {"in B"}, {"tensors", TextTable::Align::right}};
  return section(report, Difference::shape, columns, width, [&](const DiffLine& line) -> Cells {
    return {kind_text(line.a), kind_text(line.b), count_text(line, report.single)};
  });
}

std::string types_text(const DiffLine& line) {
  return fmt::format("{}, {}", name(line.a.dtype), name(line.b.dtype));
}

/// The types that all lines of a section have, or "".
std::string common_types(const DiffReport& report) {
  std::string common;
  for (const DiffLine& line : report.lines) {
    if (line.difference != Difference::dtype) continue;
    if (!common.empty() && common != types_text(line)) return {};
    common = types_text(line);
  }
  return common;
}

std::string with_distances(const DiffReport& report, Difference difference, std::size_t width) {
  const auto right = TextTable::Align::right;
  const bool types = difference == Difference::dtype;
  const std::string common = types ? common_types(report) : "";
  const std::string title = !types           ? "other values"
                            : common.empty() ? "other type"
                                             : fmt::format("other type ({})", common);
  const Columns columns = {{title},
                           {"in A, B"},
                           {"tensors", right},
                           {"rel. L2", right},
                           {"max diff", right},
                           {"cosine", right},
                           {"differ", right},
                           {"worst", right}};
  return section(report, difference, columns, width, [&](const DiffLine& line) {
    Cells cells = {types && common.empty() ? types_text(line) : "",
                   count_text(line, report.single)};
    const Cells distance = distance_cells(line);
    cells.insert(cells.end(), distance.begin(), distance.end());
    return cells;
  });
}

std::string side_text(std::string_view letter, const DiffSide& side) {
  return fmt::format("{}  {}  ({} tensors, {})\n", letter, escape_for_terminal(side.location, 4096),
                     format_count(side.tensors), format_bytes(side.bytes));
}

}  // namespace

std::string diff_text(const DiffReport& report, bool all, std::size_t width) {
  std::string text = side_text("A", report.a) + side_text("B", report.b) + "\n";
  text += one_sided(report, Difference::only_in_a, "only in A", width);
  text += one_sided(report, Difference::only_in_b, "only in B", width);
  text += other_shapes(report, width);
  text += with_distances(report, Difference::dtype, width);
  text += with_distances(report, Difference::values, width);
  if (all) text += one_sided(report, Difference::none, "equal", width);
  return text;
}

std::string diff_summary(const DiffReport& report) {
  const std::int64_t equal = report.tensors(Difference::none);
  const std::string_view what = report.headers_only ? "alike in type and shape" : "equal";
  if (report.identical()) {
    return equal == 1 ? fmt::format("the only tensor is {}", what)
                      : fmt::format("all {} tensors are {}", format_count(equal), what);
  }
  std::string text;
  const auto add = [&](Difference difference, std::string_view phrase) {
    const std::int64_t count = report.tensors(difference);
    if (count == 0) return;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", format_count(count), phrase);
  };
  add(Difference::only_in_a, "only in A");
  add(Difference::only_in_b, "only in B");
  add(Difference::shape, "of another shape");
  add(Difference::dtype, "of another type");
  add(Difference::values, "with other values");
  return fmt::format("{}; {} {}", text, format_count(equal), what);
}

}  // namespace inarch
