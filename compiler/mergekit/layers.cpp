#include "compiler/mergekit/layers.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace inarch {

namespace {

bool contains_word(std::string_view text, std::string_view word) {
  return text.find(word) != std::string_view::npos;
}

bool is_vision(std::string_view name) {
  return contains_word(name, "vision") || contains_word(name, "visual");
}

bool is_projector(std::string_view name) {
  return contains_word(name, "projector") || contains_word(name, "visual.merger");
}

/// Keys under which configs say how many layers a stack has, the likely ones first.
std::vector<std::string> count_keys(std::string_view stack) {
  if (is_vision(stack))
    return {"vision_config.num_hidden_layers", "vision_config.depth", "vision_config.num_layers"};
  if (contains_word(stack, "audio")) return {"audio_config.num_hidden_layers"};
  if (contains_word(stack, "encoder")) return {"encoder_layers", "num_layers", "num_hidden_layers"};
  if (contains_word(stack, "decoder.block") || contains_word(stack, "decoder.layers"))
    return {"decoder_layers", "num_decoder_layers", "num_hidden_layers"};
  return {"text_config.num_hidden_layers", "num_hidden_layers", "n_layer", "num_layers",
          "n_layers"};
}

/// The count by the config, where it says one that the checkpoint can hold.
void apply_config(const Value& config, LayerStack& stack) {
  for (const std::string& key : count_keys(stack.prefix)) {
    const Value* value = config.find_path(key);
    const std::int64_t* count = value ? value->if_int() : nullptr;
    if (!count) continue;
    stack.config_key = key;
    if (*count > 0 && *count < stack.count) stack.count = *count;
    return;
  }
}

}  // namespace

std::optional<LayerName> split_layer_name(std::string_view tensor) {
  for (std::size_t dot = tensor.find('.'); dot != std::string_view::npos;
       dot = tensor.find('.', dot + 1)) {
    const std::size_t end = tensor.find('.', dot + 1);
    if (end == std::string_view::npos) return std::nullopt;
    std::int64_t layer = 0;
    const char* const last = tensor.data() + end;
    const auto [stop, failure] = std::from_chars(tensor.data() + dot + 1, last, layer);
    if (failure == std::errc() && stop == last && layer >= 0)
      return LayerName{tensor.substr(0, dot + 1), layer, tensor.substr(end + 1)};
  }
  return std::nullopt;
}

std::vector<LayerStack> find_layer_stacks(const MergekitView& view) {
  std::vector<LayerStack> stacks;
  for (const auto& [name, shape] : view.tensors) {
    const auto split = split_layer_name(name);
    if (!split) continue;
    auto stack = std::find_if(stacks.begin(), stacks.end(),
                              [&](const LayerStack& s) { return s.prefix == split->stack; });
    if (stack == stacks.end())
      stack = stacks.insert(stacks.end(), {std::string(split->stack), 0, {}});
    stack->count = std::max(stack->count, split->layer + 1);
  }
  for (LayerStack& stack : stacks) apply_config(view.config, stack);
  return stacks;
}

std::optional<LayerStack> find_layer_stack(const MergekitView& view, std::string_view prefix) {
  for (LayerStack& stack : find_layer_stacks(view)) {
    if (stack.prefix == prefix) return std::move(stack);
  }
  return std::nullopt;
}

std::vector<std::string> module_names() {
  return {"default", "text_decoder", "vision_tower", "vision_model", "multi_modal_projector",
          "encoder", "decoder",      "shared"};
}

bool is_module_name(std::string_view module) {
  const std::vector<std::string> names = module_names();
  return std::find(names.begin(), names.end(), module) != names.end();
}

bool is_of_module(std::string_view tensor, std::string_view module) {
  if (module == "default" || module.empty()) return true;
  if (module == "multi_modal_projector") return is_projector(tensor);
  if (module == "vision_tower" || module == "vision_model")
    return is_vision(tensor) && !is_projector(tensor);
  if (module == "text_decoder") return !is_vision(tensor) && !is_projector(tensor);
  const bool encoder = contains_word(tensor, "encoder.");
  if (module == "encoder") return encoder;
  if (module == "shared") return tensor.substr(0, 7) == "shared.";
  return !encoder && tensor.substr(0, 7) != "shared.";  // the decoder has the head
}

bool is_head(std::string_view tensor) {
  return tensor == "lm_head.weight" || tensor == "embed_out.weight" || tensor == "output.weight" ||
         (tensor.size() > 15 && tensor.substr(tensor.size() - 15) == ".lm_head.weight");
}

bool is_embedding(std::string_view tensor) {
  if (split_layer_name(tensor) || contains_word(tensor, "norm")) return false;
  for (const std::string_view word : {"embed_tokens", "wte.", "embed_in.", "word_embeddings",
                                      "tok_embeddings", "embeddings.weight", "shared.weight"}) {
    if (contains_word(tensor, word)) return true;
  }
  return false;
}

bool comes_before_layers(std::string_view tensor) {
  if (is_head(tensor)) return false;
  for (const std::string_view word : {"embed", "wte", "wpe", "shared.weight", "relative_pe"}) {
    if (contains_word(tensor, word)) return true;
  }
  return false;
}

}  // namespace inarch
