#include "compiler/recipe/rule_schema.h"

#include <utility>

#include "compiler/core/json_schema.h"

namespace inarch {

namespace {

using Map = Value::Map;
using List = Value::List;

Value except_schema() {
  return schema_of_list(schema_of_text("a name pattern; \"name?\" need not be there"),
                        "source tensors that the rule does not take");
}

Value where_schema() {
  return with_examples(schema_ref("expression", "only where this holds"),
                       {"i >= 4", "p in [q, k, v]"});
}

/// A word alone is a transform; any other text is an expression over the operands.
Value combination() {
  return with_examples(
      Map{{"if", Map{{"type", "string"}}},
          {"then", schema_any_of({schema_ref("combine_step"),
                                  Map{{"type", "string"}, {"pattern", "[^A-Za-z0-9_]"}}})},
          {"else", schema_ref("combine_step")},
          {"allOf", List{schema_ref("combine_word")}},
          {"description", "how several operands become one: a transform, or an expression"}},
      {"w + 0.3 * (v - w)"});
}

Value init_schema() {
  return Map{{"allOf", List{schema_ref("init_step"), schema_ref("init_word")}},
             {"description", "a tensor from nothing"}};
}

/// What a rule and a definition have in common: all but the name.
Map value_fields() {
  return {{"from", with_examples(schema_ref("operands", "what the tensor is made from"),
                                 {"a:model.layers.{i}.mlp.{m}_proj.weight", "a:{name...}"})},
          {"for", schema_ref("ranges")},
          {"where", where_schema()},
          {"except", except_schema()},
          {"apply", schema_ref("pipeline", "transforms, one after another")},
          {"combine", combination()},
          {"init", init_schema()}};
}

Value name_schema() {
  return with_examples(
      schema_any_of({schema_of_text("its name, with output: before it where there are several; {i} "
                                    "and ${…} are filled in"),
                     schema_of_list(schema_of_text("a name"), "names of several results"),
                     schema_of_map(schema_of_text("a name"), "names of results by what they are")},
                    "what it is called in the output"),
      {"model.layers.{i}.mlp.{m}_proj.weight", "{name}"});
}

Value dtype_of_rule() {
  const List integers = {"i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "bool"};
  return schema_any_of({schema_ref("dtype"), schema_of_choice(integers, {})},
                       "of this output; integers only of tables, zeros, ones and constants");
}

/// A claim about all outputs, or about one.
Value of_output(const Value& claim, std::string_view what) {
  return schema_any_of(
      {claim, schema_of_object({{"of", schema_of_text("an output")}, {"is", claim}}, {"of", "is"},
                               "of one output")},
      what);
}

Value logits_claim() {
  return schema_of_object(
      {{"left", schema_of_text("an output or a source")},
       {"right", schema_of_text("an output or a source")},
       {"prompts", Map{{"type", List{"array", "string"}},
                       {"description", "texts or lists of token ids, or a table of them"}}},
       {"tolerance",
        schema_ref("expression", "relative to the largest magnitude; 1e-5 by default")}},
      {"left", "right", "prompts"}, "two models make the same of these prompts");
}

/// What a check may claim; it claims one of these.
Map claims() {
  const Value tensor_or_number =
      schema_any_of({schema_ref("operand_text"), Map{{"type", "number"}}});
  const Value tensor = schema_ref("operand_text");
  const Value count = schema_ref("expression");
  return {
      {"parameters", of_output(count, "number of elements, buffers left out")},
      {"tensors", of_output(count, "number of tensors")},
      {"complete", of_output(schema_of_text("an architecture"), "every tensor of it is there")},
      {"assert", schema_ref("expression", "must be true")},
      {"exists", schema_ref("operand_text", "there are such tensors")},
      {"absent", schema_ref("operand_text", "there are no such tensors")},
      {"finite", schema_ref("operand_text", "no value of these is infinite or NaN")},
      {"shape", schema_of_object({{"of", tensor}, {"is", Map{{"type", List{"array", "string"}}}}},
                                 {"of", "is"}, "these tensors have this shape")},
      {"equal", schema_of_object({{"left", tensor},
                                  {"right", tensor},
                                  {"tolerance", schema_ref("expression",
                                                           "relative to the largest "
                                                           "magnitude; 0 by default")}},
                                 {"left", "right"}, "two tensors have the same values")},
      {"logits_close", logits_claim()},
      {"at_most", schema_of_object({{"value", tensor_or_number}, {"limit", tensor_or_number}},
                                   {"value", "limit"}, "no value is above the limit")}};
}

}  // namespace

Value rule_schema() {
  Map fields = {{"name", schema_of_text("what messages call the rule")}, {"to", name_schema()}};
  Map common = value_fields();
  fields.insert(fields.end(), common.begin(), common.end());
  fields.emplace_back("dtype", dtype_of_rule());
  fields.emplace_back(
      "record", schema_of_map(Map{{"type", "object"}},
                              "entries that each of these tensors adds to a mapping in the config: "
                              "{ truncation_ranks: { \"{name}\": \"${rank}\" } }"));
  fields.emplace_back("encode",
                      schema_ref("encoding", "what a matrix is stored as in place of its numbers"));
  fields.emplace_back("rest", schema_of_flag("take what no other rule took"));
  return with_one_of(schema_of_object(std::move(fields), {"to"},
                                      "one rule: each tensor that it names is defined once"),
                     {"from", "init"});
}

Value definition_schema() {
  const Value rule = schema_of_object(value_fields(), {}, "a rule without a name of its own");
  const Value one = schema_any_of({schema_ref("operand_text"), rule});
  return schema_any_of({schema_ref("operand_text"), rule,
                        schema_of_list(one, "several ways to define it, for different cases")});
}

Value check_schema() {
  Map fields = {
      {"name", schema_of_text("what messages call the check")},
      {"for", schema_ref("ranges")},
      {"where", where_schema()},
      {"warn", schema_of_flag("where it does not hold, warn and publish all the same; of what is "
                              "computed")},
      {"with", schema_of_map(schema_ref("operand"), "tensors that the check makes for itself")}};
  List names;
  for (auto& [name, claim] : claims()) {
    names.emplace_back(name);
    fields.emplace_back(name, std::move(claim));
  }
  return with_one_of(schema_of_object(std::move(fields), {}, "one claim about the output"), names);
}

void add_operand_definitions(Map& definitions) {
  definitions.emplace_back("expression",
                           schema_described({{"type", List{"string", "number", "boolean"}}},
                                            "an expression over params, captures and configs"));
  definitions.emplace_back("operand_text",
                           schema_of_text("source:pattern, out:pattern, or an expression such as "
                                          "a:x | tile(rows=2)"));
  const Value of_its_own = schema_of_object(
      {{"tensor", schema_ref("operand_text")},
       {"for", schema_ref("ranges")},
       {"apply", schema_ref("pipeline")}},
      {"tensor"}, "an operand with a pipeline of its own, or one for each value of `for`");
  definitions.emplace_back("operand", schema_any_of({schema_ref("operand_text"), of_its_own}));
  definitions.emplace_back(
      "operands",
      schema_any_of({schema_ref("operand"),
                     schema_of_list(schema_ref("operand"), "several operands, for combine"),
                     schema_of_map(schema_ref("operand"), "operands by name")}));
  definitions.emplace_back(
      "ranges",
      with_examples(schema_of_map(schema_any_of({Map{{"type", "string"}}, Map{{"type", "array"}}}),
                                  "variables and what they range over"),
                    {Map{{"i", "0 .. 18"}, {"p", List{"q", "k"}}}}));
}

}  // namespace inarch
