#include "compiler/core/json.h"
#include "runtime/cli/arch_check.h"
#include "runtime/cli/json_text.h"
#include "runtime/cli/mismatches.h"

namespace inarch {

namespace {

Value recognised_by(const ArchCheckModel& model) {
  if (model.recognised_as.empty()) return Value();
  return model.from_config ? "config" : "tensors";
}

Value model_value(const ArchCheckModel& model) {
  const ArchitectureFinding& finding = model.finding;
  return Value::Map{{"location", json_text(model.location)},
                    {"recognised_as", json_text_or_null(model.recognised_as)},
                    {"recognised_by", recognised_by(model)},
                    {"spelling", json_text_or_null(finding.spelling)},
                    {"agrees", finding.agrees()},
                    {"not_compared", json_text_or_null(finding.not_compared)},
                    {"matched", finding.matched},
                    {"parameters", model.parameters},
                    {"buffers", finding.buffers},
                    {"buffer_elements", finding.buffer_elements},
                    {"optional", finding.optional},
                    {"accepted", finding.accepted},
                    {"ignored", finding.ignored},
                    {"tied_left_out", finding.tied_left_out},
                    {"differences", mismatch_values(finding)}};
}

Value untried_value(const Untried& untried, const SourceMap& sources) {
  Value::List lines;
  for (const Span& place : untried.places)
    lines.emplace_back(std::int64_t{sources.locate(place.file, place.begin).line});
  return Value::Map{{"kind", name(untried.kind)},
                    {"text", json_text(untried.text)},
                    {"never", untried.missing},
                    {"lines", std::move(lines)}};
}

}  // namespace

std::string arch_check_json(const ArchCheckReport& report, const SourceMap& sources) {
  Value::List models, untried;
  for (const ArchCheckModel& model : report.models) models.push_back(model_value(model));
  for (const Untried& item : report.untried) untried.push_back(untried_value(item, sources));
  const Value object = Value::Map{{"schema", "inarch/check-arch/1"},
                                  {"architecture", json_text(report.architecture)},
                                  {"title", json_text(report.title)},
                                  {"models", std::move(models)},
                                  {"untried", std::move(untried)}};
  return write_json(object, JsonStyle::compact) + "\n";
}

}  // namespace inarch
