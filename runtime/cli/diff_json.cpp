#include "compiler/core/json.h"
#include "compiler/core/value.h"
#include "runtime/cli/diff_report.h"
#include "runtime/cli/json_text.h"

namespace inarch {

namespace {

Value side_value(const DiffSide& side) {
  return Value::Map{
      {"location", json_text(side.location)}, {"tensors", side.tensors}, {"bytes", side.bytes}};
}

Value kind_value(const TensorKind& kind) {
  return Value::Map{{"dtype", name(kind.dtype)}, {"shape", json_shape(kind.shape)}};
}

Value distance_value(const DiffLine& line) {
  if (!line.distance) return nullptr;
  const ValueDistance& d = *line.distance;
  return Value::Map{{"elements", d.count},
                    {"differing", d.differing},
                    {"not_finite", d.not_finite},
                    {"max_abs", d.largest},
                    {"relative_l2", d.relative()},
                    {"cosine", d.cosine()},
                    {"worst", Value::Map{{"name", json_text(line.worst)},
                                         {"relative_l2", line.worst_distance.relative()},
                                         {"max_abs", line.worst_distance.largest}}}};
}

Value line_value(const DiffLine& line) {
  return Value::Map{{"name", json_text(line.group.text())},
                    {"tensors", static_cast<std::int64_t>(line.group.members.size())},
                    {"bytes", line.bytes},
                    {"a", line.difference == Difference::only_in_b ? Value() : kind_value(line.a)},
                    {"b", line.difference == Difference::only_in_a ? Value() : kind_value(line.b)},
                    {"distance", distance_value(line)}};
}

}  // namespace

std::string diff_json(const DiffReport& report, bool all) {
  Value::Map object = {{"schema", "inarch/diff/1"},
                       {"a", side_value(report.a)},
                       {"b", side_value(report.b)},
                       {"compared", report.headers_only ? "headers" : "values"},
                       {"identical", report.identical()}};
  for (const auto& [difference, key] :
       {std::pair{Difference::only_in_a, "only_in_a"},
        std::pair{Difference::only_in_b, "only_in_b"}, std::pair{Difference::shape, "shape"},
        std::pair{Difference::dtype, "dtype"}, std::pair{Difference::values, "values"},
        std::pair{Difference::none, "equal"}}) {
    Value::Map part = {{"tensors", report.tensors(difference)},
                       {"bytes", report.bytes(difference)}};
    Value::List groups;
    for (const DiffLine& line : report.lines) {
      if (line.difference == difference) groups.push_back(line_value(line));
    }
    if (difference != Difference::none || all) part.emplace_back("groups", std::move(groups));
    object.emplace_back(key, std::move(part));
  }
  return write_json(Value(std::move(object)), JsonStyle::compact) + "\n";
}

}  // namespace inarch
