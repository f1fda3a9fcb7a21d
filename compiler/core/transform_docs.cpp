#include "compiler/core/transform_docs.h"

#include <fmt/format.h>

namespace inarch {

namespace {

std::string kind_text(const Parameter& p) {
  switch (p.kind) {
    case ParamKind::integer:
      return "integer";
    case ParamKind::number:
      return "number";
    case ParamKind::boolean:
      return "true or false";
    case ParamKind::text:
      return "text";
    case ParamKind::dtype:
      return "dtype";
    case ParamKind::axis:
      return "axis";
    case ParamKind::pattern:
      return "axis pattern";
    case ParamKind::numbers:
      return "list of numbers";
    case ParamKind::number_or_numbers:
      return "number, or a list of them";
    case ParamKind::shape:
      return "list of sizes";
    case ParamKind::table:
      return "numbers, in a list or in lists of lists";
    case ParamKind::lists:
      return "list of lists of integers";
    case ParamKind::choice:
    case ParamKind::number_or_choice:
      break;
  }
  std::string text = p.kind == ParamKind::number_or_choice ? "number" : "";
  for (const std::string_view choice : p.choices)
    text += fmt::format("{}`{}`", text.empty() ? "" : " or ", choice);
  return text;
}

std::string axis_entries_text(AxisEntries entries) {
  switch (entries) {
    case AxisEntries::none:
      return "";
    case AxisEntries::sizes:
      return "`AXIS: size` for each axis it concerns";
    case AxisEntries::counts:
      return "`AXIS: count` for each axis it concerns";
    case AxisEntries::indices:
      return "`AXIS: index`, `AXIS: [indices]` or `AXIS: a .. b` for each axis it concerns";
    case AxisEntries::parts:
      return "`AXIS: [sizes]` for the axis to cut";
  }
  return "";
}

/// The example where it belongs: under `init`, `combine` or `apply`.
std::string example_line(const TransformSpec& t) {
  if (t.family == Family::initial) return fmt::format("init: {}", t.example);
  if (t.inputs.size() > 1 || t.variadic) return fmt::format("combine: {}", t.example);
  return fmt::format("apply: [ {} ]", t.example);
}

}  // namespace

std::string transform_page(const TransformSpec& t) {
  std::string out = fmt::format("### {}\n\n{}\n\n", t.name, t.summary);
  if (t.family == Family::initial) {
    out += "- operands: none\n";
  } else if (t.variadic) {
    out += t.least == 1 ? "- operands: one or more\n" : "- operands: two or more\n";
  } else {
    out += fmt::format(
        "- operands: {}\n",
        t.inputs.size() == 1 ? "one" : fmt::format("`{}` and `{}`", t.inputs[0], t.inputs[1]));
  }
  if (t.axes != AxisEntries::none) out += fmt::format("- {}\n", axis_entries_text(t.axes));
  for (const Parameter& p : t.parameters) {
    const std::string otherwise = p.required ? "required"
                                  : p.default_text.empty()
                                      ? "optional"
                                      : fmt::format("default {}", p.default_text);
    out += fmt::format("- `{}` ({}; {}{}): {}\n", p.name, kind_text(p), otherwise,
                       p.name == t.main ? "; short form" : "", p.summary);
  }
  out += fmt::format("- type: {}\n", t.type_rule);
  out += fmt::format("\n```yaml\n{}\n```\n", example_line(t));
  return out;
}

std::string transform_reference() {
  std::string out =
      "# Transforms\n\n"
      "Made from the table in `compiler/core/transforms.cpp` by `inarch explain reference`; a test "
      "holds the two equal.\n\n"
      "A transform stands under `apply` (a pipeline over one tensor), `combine` (several operands "
      "to one) or `init` (a tensor\n"
      "from nothing), or in the one-line form `source:name | tile(rows=2)`. `name: value` sets the "
      "parameter marked *short form*.\n"
      "An axis is a name that `view` gave, a dimension's number (-1 is the last), or `rows` and "
      "`columns`.\n";
  Family family = Family::linear_algebra;
  bool first = true;
  for (const TransformSpec& t : transforms()) {
    if (first || t.family != family) {
      std::string title(family_name(t.family));
      title[0] = static_cast<char>(title[0] - 'a' + 'A');
      out += fmt::format("\n## {}\n", title);
    }
    first = false;
    family = t.family;
    out += "\n" + transform_page(t);
  }
  return out;
}

std::string transform_list() {
  std::string out;
  Family family = Family::linear_algebra;
  bool first = true;
  for (const TransformSpec& t : transforms()) {
    if (first || t.family != family)
      out += fmt::format("{}{}\n", first ? "" : "\n", family_name(t.family));
    first = false;
    family = t.family;
    out += fmt::format("  {:<16} {}\n", t.name, t.summary);
  }
  return out;
}

}  // namespace inarch
