#include "compiler/core/json.h"
#include "runtime/cli/inspect_report.h"
#include "runtime/cli/json_text.h"
#include "runtime/cli/mismatches.h"

namespace inarch {

namespace {

Value architecture_value(const ArchitectureFinding& finding) {
  const bool compared = finding.not_compared.empty();
  return Value::Map{{"name", finding.name},
                    {"title", finding.title},
                    {"spelling", json_text_or_null(finding.spelling)},
                    {"named_by", finding.asked         ? "command line"
                                 : finding.from_config ? "config"
                                                       : "tensors"},
                    {"agrees", compared ? Value(finding.agrees()) : Value()},
                    {"not_compared", json_text_or_null(finding.not_compared)},
                    {"matched", finding.matched},
                    {"accepted", finding.accepted},
                    {"ignored", finding.ignored},
                    {"differences", mismatch_values(finding)}};
}

Value stats_value(const std::optional<ValueStats>& stats) {
  if (!stats) return nullptr;
  const bool any = stats->finite > 0;
  return Value::Map{{"finite", stats->finite},
                    {"zeros", stats->zeros},
                    {"nans", stats->nans},
                    {"infinities", stats->infinities},
                    {"mean", any ? Value(stats->mean) : Value()},
                    {"std", any ? Value(stats->deviation()) : Value()},
                    {"min", any ? Value(stats->least) : Value()},
                    {"max", any ? Value(stats->greatest) : Value()}};
}

Value encoding_value(const std::string& encoding) {
  return encoding.empty() ? Value() : Value(encoding);
}

Value line_value(const InspectLine& line, bool with_stats) {
  const auto tensors = static_cast<std::int64_t>(line.group.members.size());
  Value::Map map = {{"name", json_text(line.group.text())},
                    {"tensors", tensors},
                    {"dtype", name(line.dtype)},
                    {"encoding", encoding_value(line.encoding)},
                    {"shape", json_shape(line.shape)},
                    {"elements", line.elements},
                    {"bytes", line.bytes}};
  if (tensors == 1) {
    map.emplace_back("file", json_text(line.file));
    map.emplace_back("offset", line.offset);
  }
  if (with_stats) map.emplace_back("stats", stats_value(line.stats));
  return map;
}

Value files_value(const std::vector<FileIdentity>& files) {
  Value::List list;
  for (const FileIdentity& file : files)
    list.push_back(Value::Map{{"name", json_text(file.name)}, {"bytes", file.size}});
  return list;
}

Value dtypes_value(const std::vector<DTypeShare>& shares) {
  Value::List list;
  for (const DTypeShare& share : shares)
    list.push_back(Value::Map{{"dtype", name(share.dtype)},
                              {"encoding", encoding_value(share.encoding)},
                              {"tensors", share.tensors},
                              {"elements", share.elements},
                              {"bytes", share.bytes}});
  return list;
}

}  // namespace

std::string inspect_json(const InspectReport& report) {
  const bool compared = report.architecture && report.architecture->not_compared.empty();
  const std::int64_t buffers = compared ? report.architecture->buffer_elements : 0;
  Value::List side_files, groups;
  for (const std::string& file : report.side_files) side_files.push_back(json_text(file));
  for (const InspectLine& line : report.lines)
    groups.push_back(line_value(line, report.with_stats));
  Value object = Value::Map{
      {"schema", "inarch/inspect/1"},
      {"location", json_text(report.location)},
      {"files", files_value(report.files)},
      {"side_files", std::move(side_files)},
      {"tensors", report.tensors},
      {"elements", report.elements},
      {"bytes", report.tensor_bytes},
      {"parameters", compared ? Value(report.parameters()) : Value()},
      {"buffer_elements", compared ? Value(buffers) : Value()},
      {"dtypes", dtypes_value(report.dtypes)},
      {"architecture", report.architecture ? architecture_value(*report.architecture) : Value()},
      {"config", report.config},
      {"adapter", report.adapter.empty() ? Value() : Value(report.adapter)},
      {"groups", std::move(groups)}};
  return write_json(object, JsonStyle::compact) + "\n";
}

}  // namespace inarch
