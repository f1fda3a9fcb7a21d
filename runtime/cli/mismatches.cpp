#include "runtime/cli/mismatches.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/support/sizes.h"
#include "compiler/support/text.h"
#include "runtime/cli/json_text.h"
#include "runtime/cli/text_table.h"

namespace inarch {

namespace {

std::string expected_cell(const MismatchLine& line) {
  if (line.mismatch == Mismatch::tied) return "nothing: tied";
  return line.expected.empty() ? "nothing" : line.expected;
}

std::string_view mismatch_name(Mismatch mismatch) {
  switch (mismatch) {
    case Mismatch::missing:
      return "missing";
    case Mismatch::unexpected:
      return "unexpected";
    case Mismatch::shape:
      return "shape";
    case Mismatch::dtype:
      return "dtype";
    case Mismatch::tied:
      return "tied";
  }
  return "";
}

Value mismatch_value(const MismatchLine& line) {
  return Value::Map{{"kind", mismatch_name(line.mismatch)},
                    {"name", json_text(line.name)},
                    {"tensors", line.tensors},
                    {"expected", json_text_or_null(line.expected)},
                    {"found", json_text_or_null(line.found)}};
}

}  // namespace

std::string mismatch_counts(const ArchitectureFinding& finding) {
  std::string text;
  const auto add = [&](Mismatch mismatch, std::string_view phrase) {
    const std::int64_t count = finding.count(mismatch);
    if (count > 0)
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", format_count(count), phrase);
  };
  add(Mismatch::missing, "missing");
  add(Mismatch::unexpected, "unexpected");
  add(Mismatch::shape, "of another shape");
  add(Mismatch::dtype, "of another type");
  add(Mismatch::tied, "that should be tied");
  return text;
}

std::string mismatch_table(const std::string& title, const ArchitectureFinding& finding,
                           std::size_t most, std::size_t width) {
  TextTable table({{title}, {"found"}, {"expected"}, {"tensors", TextTable::Align::right}});
  for (std::size_t k = 0; k < std::min(most, finding.mismatches.size()); ++k) {
    const MismatchLine& line = finding.mismatches[k];
    table.add({escape_for_terminal(line.name, 8192), line.found.empty() ? "nothing" : line.found,
               expected_cell(line), format_count(line.tensors)});
  }
  return table.text(width);
}

Value mismatch_values(const ArchitectureFinding& finding) {
  Value::List values;
  for (const MismatchLine& line : finding.mismatches) values.push_back(mismatch_value(line));
  return values;
}

}  // namespace inarch
