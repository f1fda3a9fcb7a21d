#include "compiler/recipe/recipe_schema.h"

#include <fmt/format.h>

#include "compiler/core/transforms.h"

namespace inarch {

namespace {

using Map = Value::Map;
using List = Value::List;

Value described(Map schema, std::string_view description) {
  schema.emplace_back("description", description);
  return schema;
}
Value definition(std::string_view name) {
  return Map{{"$ref", fmt::format("#/definitions/{}", name)}};
}
Value definition(std::string_view name, std::string_view description) {
  return Map{{"allOf", List{definition(name)}}, {"description", description}};
}
Value text(std::string_view description) { return described({{"type", "string"}}, description); }
Value flag(std::string_view description) { return described({{"type", "boolean"}}, description); }
Value list_of(Value item, std::string_view description) {
  return described({{"type", "array"}, {"items", std::move(item)}}, description);
}

Value object(Map properties, List required, std::string_view description) {
  Map schema{
      {"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
  if (!required.empty()) schema.emplace_back("required", std::move(required));
  return described(std::move(schema), description);
}

/// A number, or an expression that gives one.
Value number_schema() { return Map{{"type", List{"number", "string"}}}; }

Value parameter_schema(const Parameter& p) {
  Map schema;
  switch (p.kind) {
    case ParamKind::integer:
      schema = {{"type", List{"integer", "string"}}};
      break;
    case ParamKind::number:
    case ParamKind::number_or_choice:
      schema = {{"type", List{"number", "string"}}};
      break;
    case ParamKind::boolean:
      schema = {{"type", List{"boolean", "string"}}};
      break;
    case ParamKind::dtype:
      schema = {{"allOf", List{definition("dtype")}}};
      break;
    case ParamKind::axis:
      schema = {{"type", List{"string", "integer"}}};
      break;
    case ParamKind::text:
    case ParamKind::pattern:
      schema = {{"type", "string"}};
      break;
    case ParamKind::numbers:
    case ParamKind::shape:
      schema = {{"anyOf", List{Map{{"type", "array"}, {"items", number_schema()}},
                               Map{{"type", "string"}}}}};
      break;
    case ParamKind::table:
      schema = {{"type", List{"array", "string"}}};
      break;
    case ParamKind::lists:
      schema = {
          {"anyOf", List{Map{{"type", "array"}, {"items", Map{{"type", List{"array", "string"}}}}},
                         Map{{"type", "string"}}}}};
      break;
    case ParamKind::number_or_numbers:
      schema = {{"anyOf", List{Map{{"type", "array"}, {"items", number_schema()}},
                               Map{{"type", List{"number", "string"}}}}}};
      break;
    case ParamKind::choice: {
      List choices;
      for (const std::string_view choice : p.choices) choices.emplace_back(choice);
      schema = {{"anyOf", List{Map{{"enum", std::move(choices)}}, definition("template")}}};
      break;
    }
  }
  std::string description(p.summary);
  if (!p.default_text.empty()) description += fmt::format(" (default {})", p.default_text);
  return described(std::move(schema), description);
}

Value axis_entry_schema(AxisEntries entries) {
  if (entries == AxisEntries::indices || entries == AxisEntries::parts) {
    return Map{{"anyOf", List{Map{{"type", List{"integer", "string"}}},
                              Map{{"type", "array"}, {"items", number_schema()}}}}};
  }
  return Map{{"type", List{"integer", "string"}}};
}

Map transform_properties(const TransformSpec& t, bool& has_required, List& required) {
  Map properties;
  for (const Parameter& p : t.parameters) {
    properties.emplace_back(p.name, parameter_schema(p));
    if (p.required) required.emplace_back(p.name);
  }
  for (std::size_t k = 1; k < t.inputs.size(); ++k)
    properties.emplace_back(t.inputs[k], definition("operand_text"));
  has_required = !required.empty();
  return properties;
}

/// `{ name: { parameters } }`, `{ name: value, parameter: … }`.
Value transform_step(const TransformSpec& t) {
  List required;
  bool has_required = false;
  const Map properties = transform_properties(t, has_required, required);
  const bool open = t.axes != AxisEntries::none;
  Map body{{"type", "object"}, {"properties", properties}};
  body.emplace_back("additionalProperties", open ? axis_entry_schema(t.axes) : Value(false));
  if (has_required) body.emplace_back("required", required);
  List forms{Value(std::move(body))};
  const Parameter* main = t.main.empty() ? nullptr : t.find(t.main);
  if (main) forms.push_back(parameter_schema(*main));
  if (!has_required && !open) forms.emplace_back(Map{{"type", "null"}});
  Map step_properties;
  step_properties.emplace_back(
      t.name, Map{{"anyOf", std::move(forms)},
                  {"description", fmt::format("{}\n\nExample: {}", t.summary, t.example)}});
  for (const auto& [name, schema] : properties) {
    if (name != t.name) step_properties.emplace_back(name, schema);
  }
  return Map{{"type", "object"},
             {"properties", std::move(step_properties)},
             {"required", List{t.name}},
             {"additionalProperties", open ? axis_entry_schema(t.axes) : Value(false)},
             {"description", t.summary}};
}

Value states_schema() {
  return object({{"of", text("the source whose model reads the prompts")},
                 {"prompts", Map{{"anyOf", List{Map{{"type", "string"}}, Map{{"type", "array"}}}},
                                 {"description", "texts, or lists of token ids"}}},
                 {"token", Map{{"enum", List{"last", "mean"}},
                               {"description", "which state stands for a prompt"}}}},
                {"of", "prompts"}, "hidden states of a model, computed by the run");
}

Value adapter_schema() {
  return Map{
      {"anyOf",
       List{text("the path of a PEFT directory"),
            object({{"path", text("a PEFT directory, relative to the recipe")},
                    {"hub", text("org/name, looked up in the local hub cache")},
                    {"revision", text("branch, tag or commit of a hub model")},
                    {"scale", definition("expression", "how much of it is taken; 1 by default")}},
                   {}, "an adapter")}},
      {"description", "an adapter, with which the source is read as the merged model"}};
}

/// Steps that may stand in one place: all transforms that `fits` lets through.
template <typename F>
Value steps(F fits) {
  List forms, bare;
  for (const TransformSpec& t : transforms()) {
    if (!fits(t)) continue;
    forms.push_back(definition(fmt::format("step_{}", t.name)));
    bool needs_value = t.axes != AxisEntries::none;
    for (const Parameter& p : t.parameters) needs_value = needs_value || p.required;
    if (!needs_value) bare.emplace_back(t.name);
  }
  if (!bare.empty())
    forms.insert(forms.begin(), Map{{"type", "string"}, {"enum", std::move(bare)}});
  return Map{{"anyOf", std::move(forms)}};
}

Value encoding_schema() {
  const Value integer = Map{{"type", List{"integer", "string"}}};
  const Value bnb =
      object({{"block", described({{"anyOf", List{integer}}}, "values to a scale, 64")},
              {"nested", flag("scales are encoded themselves")}},
             {}, "as bitsandbytes stores it");
  const Value fp8 =
      object({{"block", list_of(integer, "rows and columns to a scale, [128, 128]")},
              {"scales",
               Map{{"anyOf", List{Map{{"enum", List{"f32", "e8m0"}}}, definition("template")}}}}},
             {}, "E4M3 in blocks, as DeepSeek V3 stores it, or V4 with scales e8m0");
  const auto one = [](std::string_view name, const Value& settings) {
    return object({{std::string(name), settings}}, List{name}, "");
  };
  return Map{
      {"anyOf", List{Map{{"enum", List{"fp8", "mxfp4", "nf4", "fp4", "none"}}},
                     definition("template"), one("fp8", fp8), one("nf4", bnb), one("fp4", bnb)}}};
}

Map definitions() {
  Map d;
  d.emplace_back("template",
                 described({{"type", "string"}, {"pattern", "\\$\\{"}}, "text with ${…}"));
  Value names = Map{{"enum", List{"bf16", "f16", "f32", "f64", "f8_e4m3", "f8_e5m2", "bfloat16",
                                  "float16", "float32", "float64"}}};
  d.emplace_back("dtype", Map{{"anyOf", List{std::move(names), definition("template")}}});
  d.emplace_back("encoding", encoding_schema());
  d.emplace_back("expression", described({{"type", List{"string", "number", "boolean"}}},
                                         "an expression over params, captures and configs"));
  d.emplace_back("operand_text",
                 text("source:pattern, out:pattern, or an expression such as a:x | tile(rows=2)"));
  d.emplace_back(
      "pipeline",
      Map{{"anyOf", List{definition("apply_step"),
                         list_of(definition("apply_step"), "transforms, one after another")}}});
  d.emplace_back(
      "operand",
      Map{{"anyOf",
           List{definition("operand_text"),
                object({{"tensor", definition("operand_text")},
                        {"for", definition("ranges")},
                        {"apply", definition("pipeline")}},
                       {"tensor"},
                       "an operand with a pipeline of its own, or one for each value of `for`")}}});
  d.emplace_back(
      "operands",
      Map{{"anyOf",
           List{definition("operand"),
                list_of(definition("operand"), "several operands, for combine"),
                described({{"type", "object"}, {"additionalProperties", definition("operand")}},
                          "operands by name")}}});
  for (const TransformSpec& t : transforms())
    d.emplace_back(fmt::format("step_{}", t.name), transform_step(t));
  d.emplace_back("apply_step", steps([](const TransformSpec& t) {
                   return t.family != Family::initial && (!t.variadic || t.least == 1);
                 }));
  d.emplace_back("combine_step",
                 steps([](const TransformSpec& t) { return t.variadic || t.inputs.size() > 1; }));
  d.emplace_back("init_step",
                 steps([](const TransformSpec& t) { return t.family == Family::initial; }));
  d.emplace_back(
      "ranges", described({{"type", "object"},
                           {"additionalProperties",
                            Map{{"anyOf", List{Map{{"type", "string"}}, Map{{"type", "array"}}}}}}},
                          "variables and what they range over: { i: 0 .. 18, p: [q, k], "
                          "\"new, old\": enumerate(layers) }"));
  d.emplace_back(
      "location",
      Map{{"anyOf",
           List{text("a path"),
                object({{"path", text("a directory or file, relative to the recipe")},
                        {"hub", text("org/name, looked up in the local hub cache")},
                        {"revision", text("branch, tag or commit of a hub model")},
                        {"adapter", adapter_schema()},
                        {"adapters", list_of(adapter_schema(), "several adapters, added up")},
                        {"states", states_schema()},
                        {"spelling", Map{{"enum", List{"usual"}},
                                         {"description",
                                          "names as its architecture usually has them, experts by "
                                          "themselves"}}},
                        {"strict", flag("a tensor that no rule uses is an error")},
                        {"ignore",
                         list_of(text("a name pattern"), "what a strict source may leave unused")}},
                       {}, "where a checkpoint is")}}});
  return d;
}

Value except_schema() {
  return list_of(text("a name pattern; \"name?\" need not be there"),
                 "source tensors that the rule does not take");
}

/// A word alone is a transform; any other text is an expression over the operands.
Value combination() {
  return Map{{"anyOf", List{definition("combine_step"),
                            Map{{"type", "string"}, {"pattern", "[^A-Za-z0-9_]"}}}},
             {"description", "how several operands become one: a transform, or w + 0.3 * (v - w)"}};
}

Value rule_schema() {
  return object(
      {{"name", text("for messages")},
       {"from", definition("operands", "what the tensor is made from")},
       {"to",
        Map{{"anyOf",
             List{text("its name, with output: before it where there are several; {i} and ${…} are "
                       "filled in"),
                  list_of(text("a name"), "names of several results"),
                  Map{{"type", "object"}, {"additionalProperties", text("a name")}}}},
            {"description", "what it is called in the output"}}},
       {"for", definition("ranges")},
       {"where", definition("expression", "only where this holds")},
       {"except", except_schema()},
       {"apply", definition("pipeline", "transforms, one after another")},
       {"combine", combination()},
       {"init", definition("init_step", "a tensor from nothing")},
       {"dtype",
        Map{{"anyOf", List{definition("dtype"), Map{{"enum", List{"i8", "i16", "i32", "i64", "u8",
                                                                  "u16", "u32", "u64", "bool"}}}}},
            {"description", "of this output; integers only of tables, zeros, ones and constants"}}},
       {"record", Map{{"type", "object"},
                      {"additionalProperties", Map{{"type", "object"}}},
                      {"description",
                       "entries that each of these tensors adds to a mapping in the config: "
                       "{ truncation_ranks: { \"{name}\": \"${rank}\" } }"}}},
       {"encode", definition("encoding", "what a matrix is stored as in place of its numbers")},
       {"rest", flag("take what no other rule took")}},
      {"to"}, "one rule: each tensor that it names is defined once");
}

/// A tensor, or a rule without a name of its own; or a list of such, for different cases.
Value definition_schema() {
  const Value rule = object({{"from", definition("operands", "what the tensor is made from")},
                             {"for", definition("ranges")},
                             {"where", definition("expression", "only where this holds")},
                             {"except", except_schema()},
                             {"apply", definition("pipeline", "transforms, one after another")},
                             {"combine", combination()},
                             {"init", definition("init_step", "a tensor from nothing")}},
                            {}, "a rule without a name of its own");
  const Value one = Map{{"anyOf", List{definition("operand_text"), rule}}};
  return Map{{"anyOf", List{definition("operand_text"), rule,
                            list_of(one, "several ways to define it, for different cases")}}};
}

/// A claim about all outputs, or about one.
Value of_output(const Value& claim, std::string_view what) {
  return Map{{"anyOf", List{claim, object({{"of", text("an output")}, {"is", claim}}, {"of", "is"},
                                          "of one output")}},
             {"description", what}};
}

Value check_schema() {
  const Value tensor_or_number =
      Map{{"anyOf", List{definition("operand_text"), Map{{"type", "number"}}}}};
  const Value tensor = definition("operand_text");
  return object(
      {{"name", text("what it claims")},
       {"for", definition("ranges")},
       {"where", definition("expression")},
       {"warn", flag("where it does not hold, warn and publish all the same; of what is computed")},
       {"with", described({{"type", "object"}, {"additionalProperties", definition("operand")}},
                          "tensors that the check makes for itself")},
       {"parameters", of_output(definition("expression"), "number of elements, buffers left out")},
       {"tensors", of_output(definition("expression"), "number of tensors")},
       {"complete", of_output(text("an architecture"), "every tensor of it is there")},
       {"assert", definition("expression", "must be true")},
       {"exists", tensor},
       {"absent", tensor},
       {"finite", tensor},
       {"shape",
        object({{"of", tensor}, {"is", Map{{"type", List{"array", "string"}}}}}, {"of", "is"}, "")},
       {"equal",
        object({{"left", tensor},
                {"right", tensor},
                {"tolerance",
                 definition("expression", "relative to the largest magnitude; 0 by default")}},
               {"left", "right"}, "")},
       {"logits_close",
        object(
            {{"left", text("an output or a source")},
             {"right", text("an output or a source")},
             {"prompts", Map{{"type", List{"array", "string"}},
                             {"description", "texts or lists of token ids, or a table of them"}}},
             {"tolerance",
              definition("expression", "relative to the largest magnitude; 1e-5 by default")}},
            {"left", "right", "prompts"}, "two models make the same of these prompts")},
       {"at_most", object({{"value", tensor_or_number}, {"limit", tensor_or_number}},
                          {"value", "limit"}, "no value is above the limit")}},
      {}, "one claim about the output");
}

Value file_schema() {
  return Map{
      {"anyOf",
       List{text("a source"),
            object({{"from", text("a source")}, {"file", text("what the source calls it")}},
                   {"from"}, "a file under another name"),
            object({{"json", Map{{"description", "what the file holds; ${…} is filled in"}}}},
                   {"json"}, "a JSON file"),
            object({{"path", text("a text beside the recipe, written as it is")}}, {"path"},
                   "a file of the recipe's own"),
            object({{"text", text("what the file holds; ${…} is filled in")}}, {"text"},
                   "a text file")}}};
}

Value data_schema() {
  return Map{
      {"anyOf",
       List{
           text("a file, relative to the recipe: JSON by its ending, else text, an entry a line"),
           object({{"file",
                    text("a file: JSON or safetensors by its ending, else text, an entry a line")},
                   {"of", text("the source among whose files it is")},
                   {"tensors", text("of a file of safetensors: NAME, with a capture for several")}},
                  {"file"}, "a file"),
           object({{"tensor", text("SOURCE:NAME, a small tensor")}}, {"tensor"},
                  "the values of a tensor, as nested lists")}}};
}

Value target_schema() {
  return Map{
      {"anyOf", List{text("an architecture"),
                     object({{"architecture", text("a name, or the path of an architecture file")},
                             {"spelling", text("another on-disk spelling")},
                             {"strict", flag("true by default: all of it and nothing else")}},
                            {"architecture"}, "")}},
      {"description", "names and shapes that the output must have"}};
}

Value vocabulary_schema() {
  const Value row = Map{{"anyOf", List{text("zero, mean or a source"),
                                       object({{"source", text("a source")},
                                               {"token", text("of that source")},
                                               {"id", Map{{"type", List{"integer", "string"}}}}},
                                              {"source"}, "another token's row")}}};
  const Value token =
      Map{{"anyOf", List{text("zero, mean or a source"),
                         object({{"from", row},
                                 {"force", flag("also for sources that have the token")},
                                 {"add", flag("the token may be new")},
                                 {"special", flag("it is, if it is new")}},
                                {"from"}, "")}}};
  const Value source = Map{
      {"anyOf", List{text("a source"),
                     object({{"source", text("a source")},
                             {"tokenizer", text("the source whose tokenizer numbers its rows")}},
                            {"source"}, "")}}};
  const Value ids = Map{{"anyOf", List{text("an expression"), Map{{"type", "array"}}}},
                        {"description", "ids and texts of the tokens that stay"}};
  return object(
      {{"from", text("union, or the source whose vocabulary it is")},
       {"sources", list_of(source, "whose rows there are, the base first")},
       {"base",
        text("the source whose rows stand in for those that others lack; none: averages do")},
       {"keep", ids},
       {"pad_to_multiple_of", definition("expression", "the number of rows is one")},
       {"rows", definition("expression", "the number of rows")},
       {"tokens", described({{"type", "object"}, {"additionalProperties", token}},
                            "tokens, and where their rows come from")},
       {"chat_template", Map{{"anyOf", List{text("auto, a source, or the template itself"),
                                            object({{"path", text("a file")}}, {"path"}, "")}}}}},
      {"from"}, "the tokens of the results");
}

Map output_fields() {
  return {
      {"dtype", definition("dtype", "of all float tensors")},
      {"encode", definition("encoding", "what the weights of linear layers are stored as")},
      {"shard_size", text("5GB by default")},
      {"adapter",
       Map{{"anyOf",
            List{text("the source that it is an adapter of"),
                 object({{"of", text("the source that it is an adapter of")},
                         {"alpha", definition("expression", "lora_alpha; the rank by default")},
                         {"task", text("task_type; CAUSAL_LM by default")},
                         {"base", text("base_model_name_or_path; the source's path by default")}},
                        {"of"}, "")}},
           {"description",
            "the output is a PEFT directory, with the config that its tensors ask "
            "for"}}},
      {"config",
       Map{{"anyOf",
            List{text("a source whose config is copied"),
                 object({{"from", text("a source")},
                         {"file", text("a JSON file")},
                         {"part", text("a dotted key whose mapping is taken, as text_config")},
                         {"set", described({{"type", "object"}}, "dotted keys and their values")},
                         {"remove", list_of(text("a dotted key"), "keys to leave out")}},
                        {}, "")}},
           {"description", "the output's config.json"}}},
      {"files", described({{"type", "object"}, {"additionalProperties", file_schema()}},
                          "files carried over: tokenizer, processor, generation or a file's name, "
                          "and the source they come from; files written")},
      {"card", Map{{"type", "boolean"},
                   {"description", "write README.md, a model card in the form of the hub"}}}};
}

Value named_output_schema() {
  Map fields = output_fields();
  fields.emplace_back("for", definition("ranges", "one output for each value"));
  fields.emplace_back("target", target_schema());
  return Map{{"anyOf", List{object(std::move(fields), {}, ""), Map{{"type", "null"}}}},
             {"description", "one checkpoint, or a list of them"}};
}

}  // namespace

Value recipe_schema() {
  Map properties{
      {"inarch", described({{"const", 1}}, "version of the recipe language")},
      {"name", text("of the model")},
      {"license", text("of the model")},
      {"include",
       list_of(text("a path, relative to the recipe and below its folder"),
               "files with further params, sources, data, let, define, tensors and checks")},
      {"params", described({{"type", "object"}}, "values that --set overrides")},
      {"sources",
       described({{"type", "object"},
                  {"additionalProperties",
                   Map{{"anyOf", List{definition("location"),
                                      list_of(definition("location"), "a list of sources")}}}}},
                 "checkpoints to read")},
      {"data", described({{"type", "object"}, {"additionalProperties", data_schema()}},
                         "tables that are read when the recipe is compiled, which expressions know "
                         "by name")},
      {"let", described({{"type", "object"}, {"additionalProperties", definition("expression")}},
                        "named expressions, evaluated where they are used")},
      {"vocabulary", vocabulary_schema()},
      {"target", target_schema()},
      {"define",
       described({{"type", "object"}, {"additionalProperties", definition_schema()}},
                 "tensors by name that rules read as define:NAME and that are not written")},
      {"tensors", list_of(rule_schema(), "the rules; their order does not matter")},
      {"checks", list_of(check_schema(), "what must hold of the result")},
      {"output", object(output_fields(), {}, "what else is written")},
      {"outputs",
       described({{"type", "object"}, {"additionalProperties", named_output_schema()}},
                 "several checkpoints, each in a folder of its own, in place of 'output'")}};
  return Map{
      {"$schema", "http://json-schema.org/draft-07/schema#"},
      {"title", "inarch recipe"},
      {"type", "object"},
      {"properties", std::move(properties)},
      {"required", List{"inarch"}},
      {"anyOf", List{Map{{"required", List{"tensors"}}}, Map{{"required", List{"include"}}}}},
      {"additionalProperties", false},
      {"definitions", definitions()}};
}

}  // namespace inarch
