#include "compiler/mergekit/result_config.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "compiler/core/json.h"

namespace inarch {

namespace {

/// "text_config." of "text_config.num_hidden_layers".
std::string config_part(const std::string& key) {
  const std::size_t dot = key.rfind('.');
  return dot == std::string::npos ? "" : key.substr(0, dot + 1);
}

void set_entry(MergekitView& result, const std::string& path, Value value, std::string text) {
  result.config.set_path(path, std::move(value));
  for (auto& [other, old] : result.config_set) {
    if (other != path) continue;
    old = std::move(text);
    return;
  }
  result.config_set.emplace_back(path, std::move(text));
}

/// A list with an entry for each layer, put together like the layers.
struct JoinedList {
  Value::List items;
  std::string text;         // an expression
  bool expressible = true;  // all parts are of configs that expressions know
};

std::optional<JoinedList> join_lists(const PlannedStack& stack, const std::string& path) {
  JoinedList joined;
  for (const PlannedSlice& slice : stack.slices) {
    const SliceInput& input = slice.inputs.front();
    const Value* value = input.view->config.find_path(path);
    const Value::List* list = value ? value->if_list() : nullptr;
    const std::int64_t end = input.first_layer + slice.layers;
    if (!list || static_cast<std::int64_t>(list->size()) < end) return std::nullopt;
    joined.items.insert(joined.items.end(), list->begin() + input.first_layer, list->begin() + end);
    joined.expressible = joined.expressible && input.view->checkpoint != nullptr;
    if (slice.layers == 0) continue;
    joined.text += fmt::format("{}{}.config.{}[{} .. {}]", joined.text.empty() ? "" : " + ",
                               input.view->name, path, input.first_layer, end);
  }
  return joined;
}

void set_stack(const PlannedStack& stack, const MergekitView& donor, MergekitView& result) {
  const std::string& key = stack.stack.config_key;
  if (key.empty()) return;
  const std::int64_t layers = stack.layers();
  const Value* counted = donor.config.find_path(key);
  if (counted && !(*counted == Value(layers)))
    set_entry(result, key, Value(layers), std::to_string(layers));
  for (const std::string_view name :
       {"layer_types", "mlp_layer_types", "no_rope_layers", "layers_block_type", "block_types"}) {
    const std::string path = config_part(key) + std::string(name);
    const Value* old = donor.config.find_path(path);
    if (!old || !old->if_list()) continue;
    auto joined = join_lists(stack, path);
    if (!joined || *old == Value(joined->items)) continue;
    const Value value(std::move(joined->items));
    const std::string text = joined->expressible ? json_quote("${" + joined->text + "}")
                                                 : write_json(value, JsonStyle::compact);
    set_entry(result, path, value, text);
  }
}

}  // namespace

void set_result_config(const MergekitView& donor, const std::vector<PlannedModule>& modules,
                       MergekitView& result) {
  result.config = donor.config;
  result.config_source = donor.config_source;
  result.config_set = donor.config_set;
  result.architecture = donor.architecture;
  result.dtype = donor.dtype;
  for (const PlannedModule& module : modules) {
    for (const PlannedStack& stack : module.stacks) set_stack(stack, donor, result);
  }
}

}  // namespace inarch
