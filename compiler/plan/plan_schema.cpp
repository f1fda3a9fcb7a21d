#include "compiler/plan/plan_schema.h"

#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "compiler/core/json_schema.h"
#include "compiler/plan/plan_op_schema.h"

namespace inarch {

namespace {

using Map = Value::Map;
using List = Value::List;

/// An object with exactly these keys, but for those in `optional`.
Value record(const Map& properties, std::string_view description, const List& optional = {}) {
  List required;
  for (const auto& [key, schema] : properties) {
    const Value name(key);
    bool needed = true;
    for (const Value& other : optional) needed = needed && !(other == name);
    if (needed) required.push_back(name);
  }
  return schema_of_object(properties, std::move(required), description);
}

Value recipe_of_plan() {
  return record({{"name", schema_of_text("of the recipe")},
                 {"path", schema_of_text("where it was")},
                 {"sha256", schema_of_text("of all that shaped the plan")}},
                "what the plan was made from");
}

Value totals_schema() {
  return record({{"bytes_read", schema_of_count("from the sources")},
                 {"bytes_copied", schema_of_count("as they are")},
                 {"bytes_computed", schema_of_count("of outputs that are computed")},
                 {"bytes_written", schema_of_count("to the shards")},
                 {"parameters", schema_of_count("elements of the outputs, buffers left out")},
                 {"buffer_elements", schema_of_count("elements of buffers")}},
                "sums over the whole plan");
}

Value source_schema() {
  const Value file = record({{"path", schema_of_text("to open it by")},
                             {"name", schema_of_text("in its directory")},
                             {"size", schema_of_count("bytes")},
                             {"mtime_ns", Map{{"type", "integer"}}},
                             {"inode", schema_of_count({})},
                             {"header_sha256", schema_of_text("of its safetensors header")}},
                            "a file that is read");
  return record({{"name", schema_of_text("in the recipe")},
                 {"location", schema_of_text("its directory, or what the recipe says")},
                 {"elements", schema_of_count("of all its tensors")},
                 {"files", schema_of_list(file, "which `file` counts, from 0")}},
                "a checkpoint that is read");
}

Value part_schema() {
  return record({{"name", schema_of_text("of the output")},
                 {"directory", schema_of_text("below that of the run")},
                 {"parameters", schema_of_count({})},
                 {"buffer_elements", schema_of_count({})}},
                "one of several checkpoints");
}

Value shard_schema() {
  return record({{"name", schema_of_text("of the file")},
                 {"size", schema_of_count("bytes")},
                 {"header", schema_of_text("its safetensors header, without the 8 bytes before")}},
                "a file that is written");
}

Value output_schema() {
  return record({{"name", schema_of_text("of the tensor")},
                 {"dtype", schema_ref("dtype")},
                 {"shape", schema_of_list(schema_of_count({}), "sizes")},
                 {"shard", schema_of_count("its file, from 0")},
                 {"offset", schema_of_count("bytes from the start of the file")},
                 {"bytes", schema_of_count({})},
                 {"origin", schema_of_text("place in the recipe")}},
                "a tensor that is written");
}

Value step_schema_of_plan() {
  const Value copy = record({{"source", schema_of_count("from 0")},
                             {"file", schema_of_count("of the source")},
                             {"offset", schema_of_count("bytes")},
                             {"bytes", schema_of_count({})},
                             {"outputs", schema_of_count("that follow each other in a shard")}},
                            "bytes as they are");
  Value step = schema_of_object(
      {{"to", schema_of_count("the output, from 0")},
       {"copy", copy},
       {"move", schema_ref("program", "a program that moves stored elements")},
       {"compute", schema_ref("program", "a program over numbers")},
       {"shares_before", schema_of_flag("its beginning is that of the step before")},
       {"scratch", schema_of_count("bytes that a worker needs")},
       {"resident", schema_of_count("bytes that all its workers share")}},
      {"to", "scratch", "resident"}, "what is done, in this order");
  List one_of;
  for (const char* work : {"copy", "move", "compute"})
    one_of.emplace_back(Map{{"required", List{work}}});
  step.set_path("oneOf", std::move(one_of));
  return step;
}

Value text_file_schema() {
  return record({{"name", schema_of_text("of the file")}, {"text", schema_of_text("all of it")}},
                "a small file, written as it stands");
}

Value carried_file_schema() {
  return record({{"source", schema_of_count("from 0")},
                 {"name", schema_of_text("of the file")},
                 {"from", schema_of_text("path to read it from")},
                 {"size", schema_of_count("bytes")},
                 {"sha256", schema_of_text({})}},
                "a file carried over");
}

Value check_of_plan() {
  return record({{"description", schema_of_text("what it claims")},
                 {"origin", schema_of_text("place in the recipe")},
                 {"tolerance", schema_ref("real", "relative to the largest magnitude")},
                 {"at_most", schema_of_flag("no element of `left` is above that of `right`")},
                 {"warns", schema_of_flag("a failure is a warning")},
                 {"left", schema_ref("program")},
                 {"right", schema_ref("program", "empty where `left` is to be finite")},
                 {"scratch", schema_of_count("bytes that a worker needs")},
                 {"resident", schema_of_count("bytes that all its workers share")}},
                "what must hold of the result", {"warns"});
}

Value logits_check_of_plan() {
  Value model = schema_of_object({{"output", schema_of_count("an output, from 0")},
                                  {"source", schema_of_count("a source, from 0")}},
                                 {}, "one of two models");
  model = with_one_of(std::move(model), {"output", "source"});
  const Value prompt = schema_of_list(schema_of_count({}), "token ids");
  return record({{"description", schema_of_text("what it claims")},
                 {"origin", schema_of_text("place in the recipe")},
                 {"tolerance", schema_ref("real", "relative to the largest magnitude")},
                 {"warns", schema_of_flag("a failure is a warning")},
                 {"left", model},
                 {"right", model},
                 {"prompts", schema_of_list(prompt, "what both models are given")}},
                "two models that must give the same logits", {"warns"});
}

}  // namespace

Value plan_schema() {
  Map definitions;
  add_op_definitions(definitions);
  Map properties{
      {"inarch", schema_described({{"const", "plan/1"}}, "version; the first key of the file")},
      {"tool", schema_of_text("version that made the plan")},
      {"recipe", recipe_of_plan()},
      {"totals", totals_schema()},
      {"sources", schema_of_list(source_schema(), "what is read")},
      {"parts", schema_of_list(part_schema(), "where there are several outputs, each")},
      {"shards", schema_of_list(shard_schema(), "what is written")},
      {"outputs", schema_of_list(output_schema(), "tensors, in the order of shards and offsets")},
      {"steps", schema_of_list(step_schema_of_plan(), "what is done")},
      {"texts", schema_of_list(text_file_schema(), "small files")},
      {"files", schema_of_list(carried_file_schema(), "files of sources")},
      {"checks", schema_of_list(check_of_plan(), "numeric checks")},
      {"logits_checks", schema_of_list(logits_check_of_plan(), "checks of whole models")}};
  return Map{{"$schema", "http://json-schema.org/draft-07/schema#"},
             {"title", "inarch plan"},
             {"type", "object"},
             {"properties", std::move(properties)},
             {"required", List{"inarch", "tool", "recipe", "totals"}},
             {"additionalProperties", false},
             {"definitions", std::move(definitions)}};
}

}  // namespace inarch
