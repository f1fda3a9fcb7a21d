#include "runtime/cli/inspect_config.h"

#include <array>
#include <string_view>

#include <fmt/format.h>

namespace inarch {

namespace {

struct Size {
  std::string_view key;    // under which it is reported
  std::string_view other;  // another key of the same meaning, or ""
  std::string_view words;  // "{}" stands for the number
};

constexpr std::array<Size, 15> sizes = {{
    {"num_hidden_layers", "n_layer", "{} layers"},
    {"hidden_size", "n_embd", "hidden {}"},
    {"intermediate_size", "n_inner", "intermediate {}"},
    {"num_attention_heads", "n_head", "heads {}"},
    {"num_key_value_heads", "", "kv heads {}"},
    {"head_dim", "", "head_dim {}"},
    {"q_lora_rank", "", "q rank {}"},
    {"kv_lora_rank", "", "kv rank {}"},
    {"num_experts", "n_routed_experts", "{} experts"},
    {"num_local_experts", "", "{} experts"},
    {"num_experts_per_tok", "top_k_experts", "{} at work"},
    {"moe_intermediate_size", "", "expert width {}"},
    {"sliding_window", "", "window {}"},
    {"vocab_size", "", "vocabulary {}"},
    {"max_position_embeddings", "n_positions", "context {}"},
}};

void add_sizes(const Value& config, Value::Map& highlights) {
  for (const Size& size : sizes) {
    const Value* value = config.find(size.key);
    if (!value && !size.other.empty()) value = config.find(size.other);
    if (value && value->is_number()) highlights.emplace_back(size.key, *value);
  }
}

void add_part(const Value& config, const std::string& key, Value::Map& highlights) {
  const Value* part = config.find(key);
  if (!part || !part->if_map()) return;
  Value::Map own;
  add_sizes(*part, own);
  if (!own.empty()) highlights.emplace_back(key, std::move(own));
}

void add_text(const Value& config, std::string_view key, Value::Map& highlights) {
  const Value* value = config.find(key);
  if (value && value->if_text()) highlights.emplace_back(key, *value);
}

void add_classes(const Value& config, Value::Map& highlights) {
  const Value* classes = config.find("architectures");
  if (!classes || !classes->if_list()) return;
  Value::List texts;
  for (const Value& item : *classes->if_list()) {
    if (item.if_text()) texts.push_back(item);
  }
  if (!texts.empty()) highlights.emplace_back("architectures", std::move(texts));
}

std::string sizes_sentence(const Value::Map& highlights) {
  std::string text;
  for (const auto& [key, value] : highlights) {
    for (const Size& size : sizes) {
      if (size.key != key) continue;
      if (!text.empty()) text += ", ";
      text += fmt::format(fmt::runtime(size.words), to_text(value));
    }
  }
  return text;
}

}  // namespace

Value::Map config_highlights(const Value& config) {
  Value::Map highlights;
  if (!config.if_map()) return highlights;
  add_text(config, "model_type", highlights);
  add_classes(config, highlights);
  const Value* text = config.find("text_config");
  add_sizes(text && text->if_map() ? *text : config, highlights);
  for (const char* part : {"vision_config", "audio_config"}) add_part(config, part, highlights);
  if (const Value* tied = config.find("tie_word_embeddings"); tied && tied->if_bool())
    highlights.emplace_back("tie_word_embeddings", *tied);
  if (const Value* method = config.find_path("quantization_config.quant_method");
      method && method->if_text())
    highlights.emplace_back("quantization", *method);
  return highlights;
}

std::string config_sentence(const Value::Map& highlights) {
  std::string text;
  const auto add = [&](const std::string& part) {
    if (!part.empty()) text += (text.empty() ? "" : ", ") + part;
  };
  for (const auto& [key, value] : highlights) {
    if (key == "model_type") add(to_text(value));
  }
  add(sizes_sentence(highlights));
  for (const auto& [key, value] : highlights) {
    if (key == "tie_word_embeddings" && *value.if_bool()) add("tied embeddings");
    if (key == "quantization") add("quantised by " + to_text(value));
  }
  for (const auto& [key, value] : highlights) {
    if (value.if_map())
      text +=
          fmt::format("; {}: {}", key.substr(0, key.find('_')), sizes_sentence(*value.if_map()));
  }
  return text;
}

}  // namespace inarch
