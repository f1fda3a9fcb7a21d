#include "compiler/ir/compressed_tensors_entry.h"

#include <algorithm>

namespace inarch {

namespace {

constexpr std::string_view fp8_format = "float-quantized";
constexpr std::string_view linear_class = "Linear";  // the class of modules, as torch calls it

Value block_structure(const Encoding& e) { return Value::List{e.block_rows, e.block_columns}; }

bool says(const Value& map, std::string_view path, const Value& value) {
  const Value* said = map.find_path(path);
  return said != nullptr && *said == value;
}

bool says_or_leaves_out(const Value& map, std::string_view path, const Value& value) {
  const Value* said = map.find_path(path);
  return said == nullptr || said->is_null() || *said == value;
}

/// Scales of activations that do not depend on the input lie beside the weights; none are made.
bool needs_no_input_scale(const Value& group) {
  const Value* inputs = group.find("input_activations");
  return inputs == nullptr || inputs->is_null() || says(*inputs, "dynamic", Value(true));
}

bool targets_all(const Value& group) {
  const Value* targets = group.find("targets");
  const Value::List* list = targets != nullptr ? targets->if_list() : nullptr;
  return list != nullptr &&
         std::find(list->begin(), list->end(), Value(linear_class)) != list->end();
}

bool weights_fit(const Value& weights, const Storage& storage) {
  const bool fp8 = says(weights, "num_bits", Value(8)) && says(weights, "type", Value("float")) &&
                   says_or_leaves_out(weights, "symmetric", Value(true)) &&
                   says(weights, "strategy", Value(name(*storage.strategy)));
  const bool blocks = storage.strategy != ScaleStrategy::block ||
                      says(weights, "block_structure", block_structure(*storage.encoding));
  return fp8 && blocks;
}

}  // namespace

Value compressed_tensors_entry(const Storage& storage) {
  Value::Map weights = {{"num_bits", 8},         {"type", "float"},
                        {"symmetric", true},     {"strategy", name(*storage.strategy)},
                        {"group_size", Value()}, {"dynamic", false}};
  if (storage.strategy == ScaleStrategy::block)
    weights.emplace_back("block_structure", block_structure(*storage.encoding));
  Value::Map group = {{"targets", Value::List{linear_class}},
                      {"weights", std::move(weights)},
                      {"input_activations", Value()},
                      {"output_activations", Value()},
                      {"format", fp8_format}};
  return Value::Map{{"quant_method", "compressed-tensors"},
                    {"format", fp8_format},
                    {"quantization_status", "compressed"},
                    {"config_groups", Value::Map{{"group_0", std::move(group)}}},
                    {"ignore", Value::List{}},
                    {"kv_cache_scheme", Value()},
                    {"global_compression_ratio", Value()}};
}

bool compressed_tensors_fits(const Value& entry, const Storage& storage) {
  if (!says(entry, "format", Value(fp8_format)) ||
      !says(entry, "quantization_status", Value("compressed"))) {
    return false;
  }
  const Value* groups = entry.find("config_groups");
  const Value::Map* map = groups != nullptr ? groups->if_map() : nullptr;
  if (map == nullptr || map->size() != 1) return false;
  const Value& group = map->front().second;
  const Value* weights = group.find("weights");
  return weights != nullptr && weights_fit(*weights, storage) && needs_no_input_scale(group) &&
         says_or_leaves_out(group, "format", Value(fp8_format)) && targets_all(group);
}

}  // namespace inarch
