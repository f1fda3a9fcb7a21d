#include "compiler/plan/plan_op_schema.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "compiler/core/dtype.h"
#include "compiler/core/encoding.h"
#include "compiler/core/json_schema.h"
#include "compiler/core/merge.h"
#include "compiler/core/ops.h"

namespace inarch {

namespace {

using Map = Value::Map;
using List = Value::List;

/// The names of an enumeration whose last member is `last`.
template <typename Enum>
List names_up_to(Enum last) {
  List names;
  for (int i = 0; i <= static_cast<int>(last); ++i) names.emplace_back(name(static_cast<Enum>(i)));
  return names;
}

Value count() { return schema_of_count({}); }
Value counts() { return schema_of_list(count(), {}); }
Value integer() { return Map{{"type", "integer"}}; }
Value real() { return schema_ref("real"); }
Value dtype() { return schema_ref("dtype"); }

/// One kind of op and its keys, of which those after `needed` may be left out.
struct OpKeys {
  std::string_view name;
  Map keys;
  Map optional = {};
};

std::vector<OpKeys> plain_ops() {
  return {
      {"read", {{"source", count()}, {"file", count()}, {"offset", count()}, {"dtype", dtype()}}},
      {"read_output", {{"shard", count()}, {"offset", count()}, {"dtype", dtype()}}},
      {"fill", {{"value", real()}}},
      {"identity", {{"rows", count()}, {"columns", count()}}},
      {"view", {{"offset", count()}, {"dims", schema_of_list(schema_ref("view_dim"), {})}}},
      {"concat", {{"outer", count()}, {"blocks", counts()}}},
      {"take", {{"outer", count()}, {"axis", count()}, {"inner", count()}, {"indices", counts()}}},
      {"linear", {{"weights", schema_of_list(real(), {})}, {"bias", real()}}},
      {"product", {}},
      {"quotient", {}},
      {"hold", {}},
      {"clamp", {{"low", real()}, {"high", real()}}},
      {"round", {{"dtype", dtype()}}},
      {"matmul", {{"m", count()}, {"k", count()}, {"n", count()}}},
      {"decode", {{"encoding", schema_ref("encoding")}, {"name", schema_of_text({})}}},
      {"encode",
       {{"part", schema_ref("part")},
        {"encoding", schema_ref("encoding")},
        {"name", schema_of_text({})}}}};
}

OpKeys low_rank_keys() {
  return {"low_rank",
          {{"rows", count()},
           {"columns", count()},
           {"rank", count()},
           {"oversampling", integer()},
           {"power_iterations", integer()},
           {"exact", schema_of_flag({})},
           {"split", schema_of_choice(names_up_to(FactorSplit::right), {})},
           {"seed", count()},
           {"key", schema_of_text({})}},
          {{"energy", real()}, {"error", real()}}};
}

/// What is left out is as it is by default.
OpKeys merge_keys(std::string_view name) {
  OpKeys op{name, {{"groups", count()}, {"size", count()}}};
  for (const char* key : {"row", "keep", "skip", "iterations"})
    op.optional.emplace_back(key, integer());
  for (const char* key : {"from_base", "normalize", "rescale"})
    op.optional.emplace_back(key, schema_of_flag({}));
  for (const char* key : {"t", "density", "epsilon", "tolerance", "r", "alpha"})
    op.optional.emplace_back(key, real());
  op.optional.emplace_back("weights", schema_of_list(real(), {}));
  op.optional.emplace_back("seed", count());
  op.optional.emplace_back("key", schema_of_text({}));
  return op;
}

std::vector<OpKeys> all_ops() {
  std::vector<OpKeys> ops = plain_ops();
  for (const char* name : {"normal", "uniform"})
    ops.push_back(
        {name, {{"a", real()}, {"b", real()}, {"seed", count()}, {"key", schema_of_text({})}}});
  for (const char* name : {"largest", "largest_mask"})
    ops.push_back({name, {{"groups", count()}, {"size", count()}, {"keep", count()}}});
  for (int i = 0; i <= static_cast<int>(MapFunction::log); ++i)
    ops.push_back({name(static_cast<MapFunction>(i)), {}});
  for (int i = 0; i <= static_cast<int>(Reduction::max_abs); ++i)
    ops.push_back({name(static_cast<Reduction>(i)),
                   {{"outer", count()}, {"axis", count()}, {"inner", count()}}});
  ops.push_back(low_rank_keys());
  for (int i = 0; i <= static_cast<int>(Merge::fusion); ++i)
    ops.push_back(merge_keys(name(static_cast<Merge>(i))));
  return ops;
}

Value op_schema(const OpKeys& op) {
  Map properties{{"op", Map{{"const", op.name}}}};
  properties.insert(properties.end(), op.keys.begin(), op.keys.end());
  properties.insert(properties.end(), op.optional.begin(), op.optional.end());
  properties.emplace_back("in", schema_of_list(count(), "earlier ops of the program"));
  properties.emplace_back("count", schema_of_count("elements that it yields"));
  List required{"op", "count"};
  for (const auto& [key, schema] : op.keys) required.emplace_back(key);
  return schema_of_object(std::move(properties), std::move(required), {});
}

Value encoding_of_plan() {
  const auto sizes = [](int n) {
    return Value(Map{{"type", "array"}, {"items", count()}, {"minItems", n}, {"maxItems", n}});
  };
  Map properties{{"codec", schema_of_choice(names_up_to(Codec::packed_int), {})},
                 {"shape", sizes(3)},
                 {"block", sizes(2)},
                 {"code", dtype()},
                 {"scale", dtype()},
                 {"bits", count()},
                 {"zero_minus_one", schema_of_flag("zero points are stored less one")},
                 {"nested_block", count()},
                 {"nested_offset", real()},
                 {"parts", schema_of_list(schema_ref("part"), "what the inputs are")}};
  List required;
  for (const auto& [key, schema] : properties) required.emplace_back(key);
  properties.emplace_back("fp4_map", schema_of_flag({}));
  properties.emplace_back("divides", schema_of_flag("FP8 is made by dividing by its scale"));
  properties.emplace_back("state", schema_of_text("the JSON that bitsandbytes keeps"));
  return schema_of_object(std::move(properties), std::move(required), "how values are stored");
}

List dtype_names() {
  List names;
  for (int i = 0; i < dtype_count; ++i) names.emplace_back(name(static_cast<DType>(i)));
  return names;
}

}  // namespace

void add_op_definitions(Map& definitions) {
  definitions.emplace_back("dtype", schema_of_choice(dtype_names(), {}));
  definitions.emplace_back("real", schema_any_of({Map{{"type", "number"}},
                                                  schema_of_choice({"inf", "-inf", "nan"}, {})}));
  definitions.emplace_back("part", schema_of_choice(names_up_to(PartRole::other), {}));
  definitions.emplace_back("encoding", encoding_of_plan());
  definitions.emplace_back(
      "view_dim",
      schema_described({{"type", "array"}, {"items", integer()}, {"minItems", 2}, {"maxItems", 2}},
                       "size and stride"));
  List names, cases;
  for (const OpKeys& op : all_ops()) {
    names.emplace_back(op.name);
    const std::string definition = fmt::format("op_{}", op.name);
    definitions.emplace_back(definition, op_schema(op));
    cases.emplace_back(Map{{"if", Map{{"properties", Map{{"op", Map{{"const", op.name}}}}}}},
                           {"then", schema_ref(definition)}});
  }
  definitions.emplace_back("op", Map{{"type", "object"},
                                     {"properties", Map{{"op", schema_of_choice(names, {})}}},
                                     {"required", List{"op"}},
                                     {"allOf", std::move(cases)}});
  definitions.emplace_back(
      "program", schema_of_list(schema_ref("op"), "ops, of which the last one is the result"));
}

}  // namespace inarch
