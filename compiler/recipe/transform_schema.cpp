#include "compiler/recipe/transform_schema.h"

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "compiler/core/json.h"
#include "compiler/core/json_schema.h"
#include "compiler/core/transforms.h"

namespace inarch {

namespace {

using Map = Value::Map;
using List = Value::List;
using Specs = std::vector<const TransformSpec*>;

Value of_type(List names) { return Map{{"type", std::move(names)}}; }

/// A number, or an expression that gives one.
Value number_form() { return of_type({"number", "string"}); }

Value list_of_numbers() { return schema_of_list(number_form(), {}); }

Value choice_form(const Parameter& p) {
  List choices;
  for (const std::string_view choice : p.choices) choices.emplace_back(choice);
  return schema_any_of({schema_of_choice(choices, {}), schema_ref("template")});
}

Map parameter_form(const Parameter& p) {
  const auto form = [&]() -> Value {
    switch (p.kind) {
      case ParamKind::integer:
        return of_type({"integer", "string"});
      case ParamKind::number:
      case ParamKind::number_or_choice:
        return number_form();
      case ParamKind::boolean:
        return of_type({"boolean", "string"});
      case ParamKind::dtype:
        return schema_ref("dtype");
      case ParamKind::axis:
        return of_type({"string", "integer"});
      case ParamKind::text:
      case ParamKind::pattern:
        return Map{{"type", "string"}};
      case ParamKind::numbers:
      case ParamKind::shape:
        return schema_any_of({list_of_numbers(), Map{{"type", "string"}}});
      case ParamKind::table:
        return of_type({"array", "string"});
      case ParamKind::lists:
        return schema_any_of(
            {schema_of_list(of_type({"array", "string"}), {}), Map{{"type", "string"}}});
      case ParamKind::number_or_numbers:
        return schema_any_of({list_of_numbers(), number_form()});
      case ParamKind::choice:
        return choice_form(p);
    }
    return {};
  }();
  return *form.if_map();
}

/// A default as JSON has it: a number, true, or else a text.
Value default_value(std::string_view text) {
  JsonFault fault;
  const auto value = read_json(text, 1, fault);
  return value ? *value : Value(text);
}

Value parameter_schema(const Parameter& p) {
  Value schema = schema_described(parameter_form(p),
                                  p.default_text.empty()
                                      ? std::string(p.summary)
                                      : fmt::format("{} (default {})", p.summary, p.default_text));
  if (!p.default_text.empty()) schema.set_path("default", default_value(p.default_text));
  return schema;
}

Value axis_entry_schema(AxisEntries entries) {
  if (entries == AxisEntries::indices || entries == AxisEntries::parts)
    return schema_any_of({of_type({"integer", "string"}), list_of_numbers()});
  return of_type({"integer", "string"});
}

/// What may stand beside or below the name of a transform: its parameters and further operands.
Map entry_properties(const TransformSpec& t) {
  Map properties;
  for (const Parameter& p : t.parameters) properties.emplace_back(p.name, parameter_schema(p));
  for (std::size_t k = 1; k < t.inputs.size(); ++k)
    properties.emplace_back(t.inputs[k], schema_ref("operand_text"));
  return properties;
}

bool is_open(const TransformSpec& t) { return t.axes != AxisEntries::none; }

bool needs_parameters(const TransformSpec& t) {
  return std::any_of(t.parameters.begin(), t.parameters.end(),
                     [](const Parameter& p) { return p.required; });
}

Value other_entries(const TransformSpec& t) {
  return t.axes == AxisEntries::none ? Value(false) : axis_entry_schema(t.axes);
}

std::string describe(const TransformSpec& t) {
  return fmt::format("{}\n\nExample: `{}`", t.summary, t.example);
}

/// What follows `name:`, which is a mapping, the main parameter, or nothing.
Value body_schema(const TransformSpec& t) {
  Map body{{"type", "object"},
           {"properties", entry_properties(t)},
           {"additionalProperties", other_entries(t)}};
  List required;
  for (const Parameter& p : t.parameters) {
    if (p.required) required.emplace_back(p.name);
  }
  if (!required.empty()) body.emplace_back("required", std::move(required));
  List forms{Value(std::move(body))};
  const Parameter* main = t.main.empty() ? nullptr : t.find(t.main);
  if (main) forms.push_back(parameter_schema(*main));
  if (!needs_parameters(t) && t.axes == AxisEntries::none)
    forms.emplace_back(Map{{"type", "null"}});
  return schema_any_of(std::move(forms), describe(t));
}

/// `name: { parameters }`, or `name: value, parameter: …`.
Value step_schema(const TransformSpec& t) {
  Map properties{{std::string(t.name), schema_ref(fmt::format("body_{}", t.name))}};
  for (auto& [name, schema] : entry_properties(t)) {
    if (name != t.name) properties.emplace_back(name, schema);
  }
  return Map{{"properties", std::move(properties)}, {"additionalProperties", other_entries(t)}};
}

bool takes_entry(const TransformSpec& t, std::string_view name) {
  return t.find(name) != nullptr ||
         std::find(t.inputs.begin(), t.inputs.end(), name) != t.inputs.end();
}

Value requires_key(std::string_view key) { return Map{{"required", List{key}}}; }

/// Steps of transforms that take axes: any other key may be one.
Value names_axes() {
  List forms;
  for (const TransformSpec& t : transforms()) {
    if (is_open(t)) forms.push_back(requires_key(t.name));
  }
  return schema_any_of(std::move(forms));
}

/// A step names `t` when it has that key, and none of a transform of which it would be a parameter
/// or an axis: the first key is the name, but a schema knows of no order.
Value names_transform(const TransformSpec& t, const Specs& others) {
  List owners;
  const bool shares_name_with_open = std::any_of(others.begin(), others.end(), [&](const auto* o) {
    return is_open(*o) && takes_entry(t, o->name);
  });
  for (const TransformSpec* other : others) {
    if (other == &t || takes_entry(t, other->name)) continue;
    const bool could_be_axis = shares_name_with_open && is_open(*other) && !is_open(t);
    if (takes_entry(*other, t.name) || could_be_axis) owners.push_back(requires_key(other->name));
  }
  if (!is_open(t) && !shares_name_with_open) owners.push_back(schema_ref("names_axes"));
  Map condition{{"type", "object"}, {"required", List{t.name}}};
  if (!owners.empty()) condition.emplace_back("not", schema_any_of(std::move(owners)));
  return condition;
}

Value step_of(const Specs& specs) {
  List cases, names;
  Map properties;
  for (const TransformSpec* t : specs) {
    const Value step = schema_ref(fmt::format("step_{}", t->name));
    cases.emplace_back(Map{{"if", names_transform(*t, specs)}, {"then", step}});
    names.push_back(requires_key(t->name));
    properties.emplace_back(t->name, schema_ref(fmt::format("body_{}", t->name)));
  }
  // What has no name yet: an editor completes one, and a validator flags what stands in its place.
  cases.emplace_back(Map{{"if", Map{{"type", "object"}, {"anyOf", std::move(names)}}},
                         {"else", Map{{"properties", std::move(properties)},
                                      {"additionalProperties", false},
                                      {"minProperties", 1}}}});
  return Map{{"type", "object"}, {"allOf", std::move(cases)}};
}

/// The transforms that need nothing but their operands, and so may be a word.
Specs words_of(const Specs& specs) {
  Specs words;
  for (const TransformSpec* t : specs) {
    if (!needs_parameters(*t) && !is_open(*t)) words.push_back(t);
  }
  return words;
}

/// A word as the step of a list. A pattern and no choice: editors complete the names of a step's
/// mapping there, and would offer both as one.
Value word_form(const Specs& words) {
  std::string pattern;
  for (const TransformSpec* t : words)
    pattern += (pattern.empty() ? "^(" : "|") + std::string(t->name);
  return Map{{"type", "string"},
             {"pattern", pattern + ")$"},
             {"patternErrorMessage", "There is no such transform, or it needs parameters."}};
}

/// The words where no mapping has begun, each with what it does; any other value fits, too.
Value word_choices(const Specs& words) {
  List forms;
  for (const TransformSpec* t : words)
    forms.push_back(schema_described({{"const", t->name}}, describe(*t)));
  forms.emplace_back(Map{});
  return schema_any_of(std::move(forms));
}

void add_steps(Map& definitions, const std::string& name,
               const std::function<bool(const TransformSpec&)>& fits) {
  Specs specs;
  for (const TransformSpec& t : transforms()) {
    if (fits(t)) specs.push_back(&t);
  }
  definitions.emplace_back(name + "_word", word_choices(words_of(specs)));
  definitions.emplace_back(name + "_step", Map{{"if", Map{{"type", "string"}}},
                                               {"then", word_form(words_of(specs))},
                                               {"else", step_of(specs)}});
}

}  // namespace

void add_transform_definitions(Map& definitions) {
  for (const TransformSpec& t : transforms()) {
    definitions.emplace_back(fmt::format("body_{}", t.name), body_schema(t));
    definitions.emplace_back(fmt::format("step_{}", t.name), step_schema(t));
  }
  definitions.emplace_back("names_axes", names_axes());
  add_steps(definitions, "apply", [](const TransformSpec& t) {
    return t.family != Family::initial && (!t.variadic || t.least == 1);
  });
  add_steps(definitions, "combine",
            [](const TransformSpec& t) { return t.variadic || t.inputs.size() > 1; });
  add_steps(definitions, "init",
            [](const TransformSpec& t) { return t.family == Family::initial; });
  definitions.emplace_back("pipeline", Map{{"if", Map{{"type", "array"}}},
                                           {"then", schema_of_list(schema_ref("apply_step"), {})},
                                           {"else", schema_ref("apply_step")},
                                           {"allOf", List{schema_ref("apply_word")}},
                                           {"description", "transforms, one after another"}});
}

}  // namespace inarch
