#include "runtime/cli/json_text.h"
#include "runtime/cli/why_report.h"

namespace inarch {

namespace {

Value number(std::size_t n) { return {static_cast<std::int64_t>(n)}; }

Value place_json(const SourceMap& texts, Span span) {
  if (!span.known()) return {};
  const Location at = texts.locate(span.file, span.begin);
  return Value(Value::Map{
      {"file", json_text(texts.path(span.file))}, {"line", at.line}, {"column", at.column}});
}

Value bindings_json(const Bindings& bindings) {
  Value::Map map;
  for (const auto& [name, value] : bindings) map.emplace_back(name, value);
  return Value(std::move(map));
}

Value step_json(const SourceMap& texts, const ProvenanceStep& step) {
  Value::List inputs;
  for (const std::size_t input : step.inputs) inputs.push_back(number(input));
  Value::List results;
  for (const TensorType& type : step.results) {
    results.emplace_back(Value::Map{{"dtype", name(type.dtype)},
                                    {"shape", json_shape(type.shape())},
                                    {"axes", json_text(describe_axes(type))}});
  }
  return Value(Value::Map{{"reads", json_text_or_null(step.operand)},
                          {"text", json_text(texts.text(step.span))},
                          {"at", place_json(texts, step.span)},
                          {"inputs", std::move(inputs)},
                          {"results", std::move(results)},
                          {"left_out", number(step.left_out)}});
}

Value provenance_json(const SourceMap& texts, const Provenance& provenance) {
  Value::List steps;
  for (const ProvenanceStep& step : provenance.steps) steps.push_back(step_json(texts, step));
  const Span extent = extent_of(*provenance.made_by->rule);
  Value::Map map{{"name", json_text(provenance.name)},
                 {"rule", place_json(texts, extent)},
                 {"rule_text", json_text(texts.text(extent))},
                 {"captures", bindings_json(provenance.made_by->instance.bindings)},
                 {"steps", std::move(steps)}};
  if (const Output* output = provenance.output) {
    map.emplace_back("dtype", name(output->dtype));
    map.emplace_back("shape", json_shape(output->shape));
    map.emplace_back("encoded", output->storage >= 0);
  }
  return Value(std::move(map));
}

std::string_view reason(Unused why) {
  switch (why) {
    case Unused::condition:
      return "condition";
    case Unused::except:
      return "except";
    case Unused::rest:
      return "rest";
  }
  return {};
}

}  // namespace

Value why_json(const RecipeGraph& recipe, const WhyReport& report) {
  Value result(Value::Map{{"schema", "inarch/why/1"}});
  const Value tensor = provenance_json(recipe.texts, report.tensor);
  for (const auto& [key, value] : *tensor.if_map()) result.set_path(key, value);
  Value::List definitions;
  for (const Provenance& definition : report.definitions)
    definitions.push_back(provenance_json(recipe.texts, definition));
  Value::List sources;
  for (const SourceRange& range : report.ranges) {
    sources.emplace_back(Value::Map{{"source", recipe.bound.sources[range.source].name},
                                    {"tensor", json_text(range.stored)},
                                    {"file", json_text(range.file)},
                                    {"begin", range.begin},
                                    {"end", range.end},
                                    {"tensor_bytes", range.tensor_bytes}});
  }
  Value::List unused;
  for (const UnusedRule& rule : report.unused) {
    unused.emplace_back(Value::Map{{"rule", place_json(recipe.texts, extent_of(*rule.rule))},
                                   {"because_of", reason(rule.why)},
                                   {"captures", bindings_json(rule.bindings)}});
  }
  result.set_path("definitions", std::move(definitions));
  result.set_path("sources", std::move(sources));
  result.set_path("unused_rules", std::move(unused));
  return result;
}

}  // namespace inarch
