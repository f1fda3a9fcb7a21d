#include "compiler/recipe/recipe_schema.h"

#include <utility>

#include "compiler/core/json_schema.h"
#include "compiler/recipe/rule_schema.h"
#include "compiler/recipe/transform_schema.h"

namespace inarch {

namespace {

using Map = Value::Map;
using List = Value::List;

Value states_schema() {
  return schema_of_object(
      {{"of", schema_of_text("the source whose model reads the prompts")},
       {"prompts", Map{{"anyOf", List{Map{{"type", "string"}}, Map{{"type", "array"}}}},
                       {"description", "texts, or lists of token ids"}}},
       {"token",
        Map{{"enum", List{"last", "mean"}}, {"description", "which state stands for a prompt"}}}},
      {"of", "prompts"}, "hidden states of a model, computed by the run");
}

Value adapter_schema() {
  return Map{
      {"anyOf",
       List{schema_of_text("the path of a PEFT directory"),
            schema_of_object(
                {{"path", schema_of_text("a PEFT directory, relative to the recipe")},
                 {"hub", schema_of_text("org/name, looked up in the local hub cache")},
                 {"revision", schema_of_text("branch, tag or commit of a hub model")},
                 {"scale", schema_ref("expression", "how much of it is taken; 1 by default")}},
                {}, "an adapter")}},
      {"description", "an adapter, with which the source is read as the merged model"}};
}

Value encoding_schema() {
  const Value integer = Map{{"type", List{"integer", "string"}}};
  const Value bnb = schema_of_object(
      {{"block", schema_described({{"anyOf", List{integer}}}, "values to a scale, 64")},
       {"nested", schema_of_flag("scales are encoded themselves")}},
      {}, "as bitsandbytes stores it");
  const auto choice = [](List words, std::string_view what) {
    return schema_described(
        {{"anyOf", List{Map{{"enum", std::move(words)}}, schema_ref("template")}}}, what);
  };
  const Value fp8 = schema_of_object(
      {{"layout", choice({"compressed-tensors"}, "whose form it has; without it, DeepSeek's")},
       {"strategy", choice({"channel", "tensor", "block"},
                           "what has one scale in compressed-tensors: a row, a matrix, a block")},
       {"block", schema_of_list(integer, "rows and columns to a scale, [128, 128]")},
       {"scales", choice({"f32", "e8m0", "bf16", "f16"},
                         "f32, or e8m0 as DeepSeek V4 has them; of compressed-tensors the dtype of "
                         "the values, or f32, bf16 or f16")}},
      {}, "E4M3 with scales, as DeepSeek V3, V4 and compressed-tensors store it");
  const auto one = [](std::string_view name, const Value& settings) {
    return schema_of_object({{std::string(name), settings}}, List{name}, "");
  };
  return Map{
      {"anyOf", List{Map{{"enum", List{"fp8", "mxfp4", "nf4", "fp4", "none"}}},
                     schema_ref("template"), one("fp8", fp8), one("nf4", bnb), one("fp4", bnb)}}};
}

/// A source is in one place; an adapter alone says itself what it adapts.
Value with_a_place(Value source) {
  const List places = {"path", "hub", "states"};
  List forms, any;
  for (const Value& place : places) any.emplace_back(Map{{"required", List{place}}});
  forms = any;
  for (const char* adapter : {"adapter", "adapters"})
    forms.emplace_back(Map{{"required", List{adapter}}, {"not", schema_any_of(any)}});
  source.set_path("oneOf", std::move(forms));
  return source;
}

Map definitions() {
  Map d;
  d.emplace_back("template",
                 schema_described({{"type", "string"}, {"pattern", "\\$\\{"}}, "text with ${…}"));
  Value names = Map{{"enum", List{"bf16", "f16", "f32", "f64", "f8_e4m3", "f8_e5m2", "bfloat16",
                                  "float16", "float32", "float64"}}};
  d.emplace_back("dtype", Map{{"anyOf", List{std::move(names), schema_ref("template")}}});
  d.emplace_back("encoding", encoding_schema());
  add_operand_definitions(d);
  add_transform_definitions(d);
  d.emplace_back(
      "location",
      Map{{"anyOf",
           List{schema_of_text("a path"),
                with_a_place(schema_of_object(
                    {{"path", schema_of_text("a directory or file, relative to the recipe")},
                     {"hub", schema_of_text("org/name, looked up in the local hub cache")},
                     {"revision", schema_of_text("branch, tag or commit of a hub model")},
                     {"adapter", adapter_schema()},
                     {"adapters", schema_of_list(adapter_schema(), "several adapters, added up")},
                     {"states", states_schema()},
                     {"spelling", Map{{"enum", List{"usual"}},
                                      {"description",
                                       "names as its architecture usually has them, experts by "
                                       "themselves"}}},
                     {"strict", schema_of_flag("a tensor that no rule uses is an error")},
                     {"ignore", schema_of_list(schema_of_text("a name pattern"),
                                               "what a strict source may leave unused")}},
                    {}, "where a checkpoint is"))}}});
  return d;
}

Value file_schema() {
  return Map{
      {"anyOf",
       List{schema_of_text("a source"),
            schema_of_object({{"from", schema_of_text("a source")},
                              {"file", schema_of_text("what the source calls it")}},
                             {"from"}, "a file under another name"),
            schema_of_object(
                {{"json", Map{{"description", "what the file holds; ${…} is filled in"}}}},
                {"json"}, "a JSON file"),
            schema_of_object(
                {{"path", schema_of_text("a text beside the recipe, written as it is")}}, {"path"},
                "a file of the recipe's own"),
            schema_of_object({{"text", schema_of_text("what the file holds; ${…} is filled in")}},
                             {"text"}, "a text file")}}};
}

Value data_schema() {
  return schema_any_of(
      {schema_of_text(
           "a file, relative to the recipe: JSON by its ending, else text, an entry a line"),
       schema_of_object(
           {{"file", schema_of_text(
                         "a file: JSON or safetensors by its ending, else text, an entry a line")},
            {"of", schema_of_text("the source among whose files it is")},
            {"tensors",
             schema_of_text("of a file of safetensors: NAME, with a capture for several")}},
           {"file"}, "a file"),
       schema_of_object({{"tensor", schema_of_text("SOURCE:NAME, a small tensor")}}, {"tensor"},
                        "the values of a tensor, as nested lists")});
}

Value target_schema() {
  return Map{
      {"anyOf",
       List{schema_of_text("an architecture"),
            schema_of_object(
                {{"architecture", schema_of_text("a name, or the path of an architecture file")},
                 {"spelling", schema_of_text("another on-disk spelling")},
                 {"strict", schema_of_flag("true by default: all of it and nothing else")}},
                {"architecture"}, "")}},
      {"description", "names and shapes that the output must have"}};
}

Value vocabulary_schema() {
  const Value row =
      Map{{"anyOf", List{schema_of_text("zero, mean or a source"),
                         schema_of_object({{"source", schema_of_text("a source")},
                                           {"token", schema_of_text("of that source")},
                                           {"id", Map{{"type", List{"integer", "string"}}}}},
                                          {"source"}, "another token's row")}}};
  const Value token =
      Map{{"anyOf",
           List{schema_of_text("zero, mean or a source"),
                schema_of_object({{"from", row},
                                  {"force", schema_of_flag("also for sources that have the token")},
                                  {"add", schema_of_flag("the token may be new")},
                                  {"special", schema_of_flag("it is, if it is new")}},
                                 {"from"}, "")}}};
  const Value source =
      Map{{"anyOf",
           List{schema_of_text("a source"),
                schema_of_object(
                    {{"source", schema_of_text("a source")},
                     {"tokenizer", schema_of_text("the source whose tokenizer numbers its rows")}},
                    {"source"}, "")}}};
  const Value ids = Map{{"anyOf", List{schema_of_text("an expression"), Map{{"type", "array"}}}},
                        {"description", "ids and texts of the tokens that stay"}};
  return schema_of_object(
      {{"from", schema_of_text("union, or the source whose vocabulary it is")},
       {"sources", schema_of_list(source, "whose rows there are, the base first")},
       {"base",
        schema_of_text(
            "the source whose rows stand in for those that others lack; none: averages do")},
       {"keep", ids},
       {"pad_to_multiple_of", schema_ref("expression", "the number of rows is one")},
       {"rows", schema_ref("expression", "the number of rows")},
       {"tokens", schema_described({{"type", "object"}, {"additionalProperties", token}},
                                   "tokens, and where their rows come from")},
       {"chat_template",
        Map{{"anyOf",
             List{schema_of_text("auto, a source, or the template itself"),
                  schema_of_object({{"path", schema_of_text("a file")}}, {"path"}, "")}}}}},
      {"from"}, "the tokens of the results");
}

Map output_fields() {
  return {
      {"dtype", schema_ref("dtype", "of all float tensors")},
      {"encode", schema_ref("encoding", "what the weights of linear layers are stored as")},
      {"shard_size", schema_of_text("5GB by default")},
      {"adapter",
       Map{{"anyOf",
            List{schema_of_text("the source that it is an adapter of"),
                 schema_of_object(
                     {{"of", schema_of_text("the source that it is an adapter of")},
                      {"alpha", schema_ref("expression", "lora_alpha; the rank by default")},
                      {"task", schema_of_text("task_type; CAUSAL_LM by default")},
                      {"base",
                       schema_of_text("base_model_name_or_path; the source's path by default")}},
                     {"of"}, "")}},
           {"description",
            "the output is a PEFT directory, with the config that its tensors ask "
            "for"}}},
      {"config",
       Map{{"anyOf",
            List{schema_of_text("a source whose config is copied"),
                 without_both(
                     schema_of_object(
                         {{"from", schema_of_text("a source")},
                          {"file", schema_of_text("a JSON file")},
                          {"part",
                           schema_of_text("a dotted key whose mapping is taken, as text_config")},
                          {"set",
                           schema_described({{"type", "object"}}, "dotted keys and their values")},
                          {"remove",
                           schema_of_list(schema_of_text("a dotted key"), "keys to leave out")}},
                         {}, ""),
                     "from", "file")}},
           {"description", "the output's config.json"}}},
      {"files",
       schema_described({{"type", "object"}, {"additionalProperties", file_schema()}},
                        "files carried over: tokenizer, processor, generation or a file's name, "
                        "and the source they come from; files written")},
      {"card", Map{{"type", "boolean"},
                   {"description", "write README.md, a model card in the form of the hub"}}}};
}

Value named_output_schema() {
  Map fields = output_fields();
  fields.emplace_back("for", schema_ref("ranges", "one output for each value"));
  fields.emplace_back("target", target_schema());
  return Map{{"anyOf", List{schema_of_object(std::move(fields), {}, ""), Map{{"type", "null"}}}},
             {"description", "one checkpoint, or a list of them"}};
}

}  // namespace

Value recipe_schema() {
  Map properties{
      {"inarch", schema_described({{"const", 1}}, "version of the recipe language")},
      {"name", schema_of_text("of the model")},
      {"license", schema_of_text("of the model")},
      {"include",
       schema_of_list(schema_of_text("a path, relative to the recipe and below its folder"),
                      "files with further params, sources, data, let, define, tensors and checks")},
      {"params", schema_described({{"type", "object"}}, "values that --set overrides")},
      {"sources",
       schema_described(
           {{"type", "object"},
            {"additionalProperties",
             Map{{"anyOf", List{schema_ref("location"),
                                schema_of_list(schema_ref("location"), "a list of sources")}}}}},
           "checkpoints to read")},
      {"data",
       schema_described({{"type", "object"}, {"additionalProperties", data_schema()}},
                        "tables that are read when the recipe is compiled, which expressions know "
                        "by name")},
      {"let",
       schema_described({{"type", "object"}, {"additionalProperties", schema_ref("expression")}},
                        "named expressions, evaluated where they are used")},
      {"vocabulary", vocabulary_schema()},
      {"target", target_schema()},
      {"define",
       schema_described({{"type", "object"}, {"additionalProperties", definition_schema()}},
                        "tensors by name that rules read as define:NAME and that are not written")},
      {"tensors", schema_of_list(rule_schema(), "the rules; their order does not matter")},
      {"checks", schema_of_list(check_schema(), "what must hold of the result")},
      {"output", schema_of_object(output_fields(), {}, "what else is written")},
      {"outputs",
       schema_described({{"type", "object"},
                         {"additionalProperties", named_output_schema()},
                         {"minProperties", 1}},
                        "several checkpoints, each in a folder of its own, in place of 'output'")}};
  const Value schema =
      Map{{"$schema", "http://json-schema.org/draft-07/schema#"},
          {"title", "inarch recipe"},
          {"type", "object"},
          {"properties", std::move(properties)},
          {"required", List{"inarch"}},
          {"anyOf", List{Map{{"required", List{"tensors"}}}, Map{{"required", List{"include"}}}}},
          {"additionalProperties", false},
          {"definitions", definitions()}};
  return without_both(schema, "output", "outputs");
}

}  // namespace inarch
