#include "compiler/core/json_schema.h"

#include <string>
#include <utility>

namespace inarch {

using Map = Value::Map;
using List = Value::List;

Value schema_described(Map schema, std::string_view description) {
  if (!description.empty()) schema.emplace_back("description", description);
  return schema;
}

Value schema_of_text(std::string_view description) {
  return schema_described({{"type", "string"}}, description);
}

Value schema_of_flag(std::string_view description) {
  return schema_described({{"type", "boolean"}}, description);
}

Value schema_of_count(std::string_view description) {
  return schema_described({{"type", "integer"}, {"minimum", 0}}, description);
}

Value schema_of_list(Value item, std::string_view description) {
  return schema_described({{"type", "array"}, {"items", std::move(item)}}, description);
}

Value schema_of_map(Value value, std::string_view description) {
  return schema_described({{"type", "object"}, {"additionalProperties", std::move(value)}},
                          description);
}

Value schema_of_object(Map properties, List required, std::string_view description) {
  Map schema{
      {"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
  if (!required.empty()) schema.emplace_back("required", std::move(required));
  return schema_described(std::move(schema), description);
}

Value schema_of_choice(const List& choices, std::string_view description) {
  return schema_described({{"enum", choices}}, description);
}

Value schema_any_of(List forms, std::string_view description) {
  return schema_described({{"anyOf", std::move(forms)}}, description);
}

Value with_one_of(Value schema, const List& keys) {
  List forms;
  for (const Value& key : keys) forms.emplace_back(Map{{"required", List{key}}});
  schema.set_path("oneOf", std::move(forms));
  return schema;
}

Value without_both(Value schema, std::string_view one, std::string_view other) {
  schema.set_path("not", Map{{"required", List{one, other}}});
  return schema;
}

Value schema_ref(std::string_view name) { return schema_ref(name, {}); }

Value schema_ref(std::string_view name, std::string_view description) {
  return schema_described({{"$ref", "#/definitions/" + std::string(name)}}, description);
}

Value with_examples(Value schema, List examples) {
  schema.set_path("examples", std::move(examples));
  return schema;
}

}  // namespace inarch
