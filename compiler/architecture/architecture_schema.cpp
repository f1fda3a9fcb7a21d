#include "compiler/architecture/architecture_schema.h"

#include <string>
#include <utility>

#include "compiler/core/json_schema.h"

namespace inarch {

namespace {

using Map = Value::Map;
using List = Value::List;

Value dtypes() {
  return schema_of_choice({"f32", "bf16", "f16", "f64", "f8_e4m3", "f8_e5m2", "i8", "i16", "i32",
                           "i64", "u8", "u16", "u32", "u64", "bool"},
                          "its dtype, whatever the model's is");
}

/// What a block says of all of its tensors, and a tensor of itself.
Map attribute_fields() {
  return {{"where", schema_ref("expression", "only where this holds")},
          {"optional", schema_of_flag("a checkpoint may do without it")},
          {"buffer", schema_of_flag("saved with the model, and none of its parameters")},
          {"legacy", schema_of_flag("old checkpoints hold it, and loaders pass over it")},
          {"dtype", dtypes()}};
}

Value match_schema() {
  return schema_of_object(
      {{"model_type", schema_of_text("of the config")},
       {"classes", schema_of_list(schema_of_text("under `architectures` in the config"),
                                  "names that the config may give instead")}},
      {"model_type"}, "configs that the file is for");
}

Value tensor_schema() {
  Map fields = attribute_fields();
  fields.emplace_back("shape", schema_ref("shape"));
  fields.emplace_back(
      "tied", schema_of_object(
                  {{"to", schema_of_text("the other tensor")},
                   {"when", schema_ref("expression", "only when this holds; always without it")}},
                  {"to"}, "it is another tensor, and absent on disk"));
  return schema_any_of(
      {schema_ref("shape"), schema_of_object(std::move(fields), {"shape"}, "a tensor")});
}

Value block_schema() {
  Map fields = attribute_fields();
  fields.emplace_back("component", schema_of_text("the part of the model, such as text or vision"));
  fields.emplace_back("for",
                      with_examples(schema_of_map(schema_ref("expression"),
                                                  "variables and their ranges, outermost first"),
                                    {Map{{"i", "0 .. layers"}}}));
  fields.emplace_back("prefix", with_examples(schema_of_text("stands before each of the names"),
                                              {"model.layers.{i}."}));
  fields.emplace_back("names", schema_of_map(tensor_schema(),
                                             "names of tensors, and their shapes; "
                                             "{gate,up}_proj stands for two"));
  return schema_of_object(std::move(fields), {"names"}, "tensors that have something in common");
}

Value spelling_schema() {
  return schema_of_object(
      {{"names", schema_of_map(schema_of_text("how it is written"),
                               "usual names, and what stands in their place")},
       {"fused", schema_of_map(schema_of_list(schema_of_text("a usual name"), "its parts"),
                               "tensors that hold several of the usual ones")},
       {"accept", schema_ref("accept")}},
      {}, "other names for the same tensors");
}

Map shared_definitions() {
  return {{"expression", schema_described({{"type", List{"string", "number", "boolean"}}},
                                          "an expression over `config` and the sizes")},
          {"shape", schema_of_list(schema_ref("expression", "a size"), "sizes, outermost first")},
          {"accept", schema_of_list(schema_of_text("a name pattern"),
                                    "tensors that may be there, of any shape")}};
}

}  // namespace

Value architecture_schema() {
  Map properties{
      {"architecture", schema_of_text("the name; for one that comes with inarch, the file's")},
      {"title", schema_of_text("for people")},
      {"notes", schema_of_text("for people")},
      {"match", schema_of_list(match_schema(), "the configs that this file is for")},
      {"match_names", schema_described({{"type", "boolean"}, {"default", true}},
                                       "false where the names are another family's too")},
      {"sizes", schema_of_map(schema_ref("expression"),
                              "names for expressions, evaluated where they are used")},
      {"tensors", schema_of_list(block_schema(), "blocks of tensors; their order counts")},
      {"accept", schema_ref("accept")},
      {"spellings", schema_of_map(spelling_schema(), "other names that checkpoints have")}};
  return Map{{"$schema", "http://json-schema.org/draft-07/schema#"},
             {"title", "inarch architecture"},
             {"type", "object"},
             {"properties", std::move(properties)},
             {"required", List{"architecture", "tensors"}},
             {"additionalProperties", false},
             {"definitions", shared_definitions()}};
}

}  // namespace inarch
