#include <algorithm>

#include <fmt/format.h>

#include "compiler/support/sizes.h"
#include "compiler/support/text.h"
#include "runtime/cli/text_table.h"
#include "runtime/cli/why_report.h"

namespace inarch {

namespace {

constexpr int most_shown_lines = 16;  // of a rule
constexpr std::size_t most_shown_ranges = 12;

/// Source text on one line.
std::string on_one_line(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\n' || c == '\r';
    if (blank && (out.empty() || out.back() == ' ')) continue;
    out += blank ? ' ' : c;
  }
  return escape_for_terminal(out, 72);
}

std::string step_text(const SourceMap& texts, const ProvenanceStep& step) {
  std::string text =
      step.operand.empty() ? on_one_line(texts.text(step.span)) : escape_for_terminal(step.operand);
  if (step.left_out > 0) text += fmt::format(" and {} more", step.left_out);
  return text;
}

/// The sizes, with the axes' names where they have some.
std::string shape_text(const TensorType& type) {
  const bool named = std::any_of(type.dims.begin(), type.dims.end(), [](const Dim& dim) {
    return std::any_of(dim.axes.begin(), dim.axes.end(),
                       [](const Axis& axis) { return !axis.name.empty(); });
  });
  return format_shape(type.shape()) + (named ? "  " + describe_axes(type) : "");
}

/// Which steps one takes, where that is not just the one before it.
std::string inputs_text(const ProvenanceStep& step, std::size_t number) {
  if (step.inputs.empty()) return {};
  if (step.inputs.size() == 1 && step.inputs.front() + 1 == number) return {};
  std::string text;
  for (const std::size_t input : step.inputs)
    text += fmt::format("{}{}", text.empty() ? "of " : ", ", input + 1);
  return text;
}

std::string steps_text(const SourceMap& texts, const Provenance& provenance, std::size_t width) {
  TextTable table({{"step by step"}, {"type"}, {""}, {"shape"}});
  const auto& steps = provenance.steps;
  for (std::size_t k = 0; k < steps.size(); ++k) {
    for (std::size_t r = 0; r < steps[k].results.size(); ++r) {
      const TensorType& type = steps[k].results[r];
      const std::string dtype(type.chosen ? name(type.dtype) : "any");
      const std::string label =
          r == 0 ? fmt::format("{:>3}  {}", k + 1, step_text(texts, steps[k])) : "";
      table.add({label, dtype, r == 0 ? inputs_text(steps[k], k) : "", shape_text(type)});
    }
  }
  return table.text(width);
}

std::string rule_text(const SourceMap& texts, const Provenance& provenance) {
  const Rule& rule = *provenance.made_by->rule;
  std::string out = fmt::format("{} at {}\n", rule.is_definition ? "defined" : "made by the rule",
                                place_of(texts, extent_of(rule)));
  out += numbered_lines(texts, extent_of(rule), "  ");
  const std::string with = bindings_text(provenance.made_by->instance.bindings);
  if (!with.empty()) out += fmt::format("with {}\n", with);
  return out;
}

/// How the last step's result is stored, where that is not simply as it is.
std::string storage_text(const Graph& graph, const Provenance& tensor, std::size_t width) {
  const Output& output = *tensor.output;
  const TensorType& made = tensor.steps.back().results.front();
  if (output.storage < 0) {
    const bool as_it_is = made.dtype == output.dtype && made.chosen;
    return as_it_is ? "" : fmt::format("and stored as {}\n", name(output.dtype));
  }
  const Storage& storage = graph.storages[static_cast<std::size_t>(output.storage)];
  const std::string stem = tensor.name.substr(0, tensor.name.size() - storage.ending.size());
  TextTable table({{storage.source < 0 ? "encoded, and stored as" : "stored as the source has it"},
                   {"type"},
                   {"shape"}});
  for (const Storage::Part& part : storage.parts) {
    table.add({"  " + escape_for_terminal(stem + part.ending), std::string(name(part.dtype)),
               format_shape(part.shape)});
  }
  return "\n" + table.text(width);
}

std::string ranges_text(const RecipeGraph& recipe, const std::vector<SourceRange>& ranges,
                        std::size_t width) {
  if (ranges.empty()) return "reads no source\n";
  TextTable table({{"read from"},
                   {"first byte", TextTable::Align::right},
                   {"up to", TextTable::Align::right},
                   {"size", TextTable::Align::right},
                   {""}});
  std::string file;
  for (std::size_t k = 0; k < std::min(ranges.size(), most_shown_ranges); ++k) {
    const SourceRange& range = ranges[k];
    if (range.file != file) table.add({escape_for_terminal(range.file), "", "", "", ""});
    file = range.file;
    const bool part = range.end - range.begin < range.tensor_bytes;
    table.add({fmt::format("  {}:{}", recipe.bound.sources[range.source].name,
                           escape_for_terminal(range.stored)),
               format_count(range.begin), format_count(range.end),
               format_bytes(range.end - range.begin),
               part ? "of " + format_bytes(range.tensor_bytes) : ""});
  }
  std::string out = table.text(width);
  if (ranges.size() > most_shown_ranges)
    out += fmt::format("  and {} more\n", ranges.size() - most_shown_ranges);
  return out;
}

std::string head_text(const WhyReport& report, const Console& console) {
  const Provenance& tensor = report.tensor;
  std::string out = console.bold(escape_for_terminal(tensor.name));
  if (const Output* output = tensor.output) {
    out += fmt::format("  {} {}, {} elements", name(output->dtype), format_shape(output->shape),
                       format_count(numel(output->shape)));
    if (output->storage >= 0) out += ", encoded";
  }
  return out + "\n\n";
}

}  // namespace

std::string place_of(const SourceMap& texts, Span span) {
  if (!span.known()) return "an unknown place";
  return fmt::format("{}:{}", escape_for_terminal(texts.path(span.file)),
                     texts.locate(span.file, span.begin).line);
}

std::string numbered_lines(const SourceMap& texts, Span span, std::string_view margin) {
  if (!span.known()) return {};
  const int first = texts.locate(span.file, span.begin).line;
  const int last = texts.locate(span.file, std::max(span.begin + 1, span.end) - 1).line;
  const std::size_t digits = std::to_string(last).size();
  std::string out;
  for (int line = first; line <= std::min(last, first + most_shown_lines - 1); ++line) {
    out += fmt::format("{}{:>{}} | {}\n", margin, line, digits,
                       escape_for_terminal(texts.line(span.file, line), 160));
  }
  if (last - first >= most_shown_lines)
    out += fmt::format("{}{:>{}} | ({} lines more)\n", margin, "", digits,
                       last - first - most_shown_lines + 1);
  return out;
}

std::string bindings_text(const Bindings& bindings) {
  std::string out;
  for (const auto& [name, value] : bindings) {
    out += fmt::format("{}{} = {}", out.empty() ? "" : ", ", name,
                       escape_for_terminal(to_text(value), 60));
  }
  return out;
}

std::string unused_text(const SourceMap& texts, const UnusedRule& unused) {
  const std::string place = place_of(texts, extent_of(*unused.rule));
  switch (unused.why) {
    case Unused::condition: {
      const std::string with = bindings_text(unused.bindings);
      return fmt::format("{}, where its condition held: {}{}", place,
                         on_one_line(texts.text(unused.rule->where_span)),
                         with.empty() ? "" : fmt::format(", with {}", with));
    }
    case Unused::except:
      return fmt::format("{}, did it not leave this out by 'except'", place);
    case Unused::rest:
      return fmt::format("{}, which takes the rest: what no other rule took", place);
  }
  return place;
}

std::string why_text(const RecipeGraph& recipe, const WhyReport& report, const Console& console) {
  const auto width = static_cast<std::size_t>(console.width());
  const SourceMap& texts = recipe.texts;
  std::string out = head_text(report, console);
  out += rule_text(texts, report.tensor) + "\n" + steps_text(texts, report.tensor, width);
  if (report.tensor.output) out += storage_text(recipe.graph, report.tensor, width);
  for (const Provenance& definition : report.definitions) {
    out += fmt::format("\n{}\n", console.bold(escape_for_terminal(definition.name)));
    out += rule_text(texts, definition) + "\n" + steps_text(texts, definition, width);
  }
  out += "\n" + ranges_text(recipe, report.ranges, width);
  if (!report.unused.empty()) {
    out += "\nanother rule would make it:\n";
    for (const UnusedRule& unused : report.unused) out += "  " + unused_text(texts, unused) + "\n";
  }
  if (!report.alike.empty()) {
    out += fmt::format("\nthe same rule makes {} more of those asked for\n",
                       format_count(static_cast<std::int64_t>(report.alike.size())));
    for (const std::string& names : summarize_names(report.alike))
      out += "  " + escape_for_terminal(names) + "\n";
  }
  return out;
}

}  // namespace inarch
