#include "runtime/forward/decoder_layers.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "compiler/support/text.h"

namespace inarch {

namespace {

/// Whether layer i attends to a window, where the config does not list its layers.
bool slides_by_default(ConfigFields& fields, const DecoderFamily& family, std::int64_t i) {
  if (family.name == "gemma2") return i % 2 == 0;
  if (family.name == "gemma3_text") return (i + 1) % fields.size("sliding_window_pattern", 6) != 0;
  if (family.name == "qwen2" || family.name == "qwen3")
    return i >=
           (fields.has("max_window_layers") ? fields.find("max_window_layers")->as_real() : 28);
  return true;
}

bool lists_layers(const DecoderFamily& family) {
  return family.name != "mistral" && family.name != "mixtral" && family.name != "qwen3_moe";
}

/// The window of the layers that have one; 0 when none has.
std::int64_t window_of(ConfigFields& fields, const DecoderFamily& family) {
  if (family.name == "llama" || family.name == "gemma") return 0;
  const bool is_qwen = family.name.starts_with("qwen");
  if (is_qwen && !fields.flag("use_sliding_window", false)) return 0;
  // A null is an answer here: no window.
  if (fields.is_null("sliding_window")) return 0;
  return family.window == 0 && !fields.has("sliding_window")
             ? 0
             : fields.size("sliding_window", family.window);
}

bool slides(ConfigFields& fields, const DecoderFamily& family, std::int64_t i,
            std::int64_t layers) {
  const Value* listed = lists_layers(family) ? fields.find("layer_types") : nullptr;
  if (listed == nullptr) return slides_by_default(fields, family, i);
  const Value::List* types = listed->if_list();
  const auto at = static_cast<std::size_t>(i);
  if (types == nullptr || static_cast<std::int64_t>(types->size()) < layers ||
      (*types)[at].if_text() == nullptr) {
    fields.fail(
        error("E589", fmt::format("the config's layer_types are no list of {} texts", layers)));
    return false;
  }
  const std::string& type = *(*types)[at].if_text();
  if (type != "full_attention" && type != "sliding_attention") {
    fields.fail(error("E581", fmt::format("layer {} has attention of type '{}', which is not run",
                                          i, escape_for_terminal(type))));
  }
  return type == "sliding_attention";
}

bool is_mixture(ConfigFields& fields, const DecoderFamily& family, std::int64_t i) {
  if (family.name == "mixtral") return true;
  if (family.name != "qwen3_moe") return false;
  const Value* plain = fields.find("mlp_only_layers");
  const Value::List* list = plain == nullptr ? nullptr : plain->if_list();
  if (list != nullptr && std::find(list->begin(), list->end(), Value(i)) != list->end())
    return false;
  return (i + 1) % fields.size("decoder_sparse_step", 1) == 0;
}

/// The object that says how positions of these layers turn, if one does.
const Value* rope_entry(const ConfigFields& fields, bool is_gemma3, bool local) {
  const Value* parameters = fields.find("rope_parameters");
  const Value* scaling = fields.find("rope_scaling");
  if (!is_gemma3) return scaling != nullptr ? scaling : parameters;
  if (parameters != nullptr) {
    const Value* own = parameters->find(local ? "sliding_attention" : "full_attention");
    if (own != nullptr && !own->is_null()) return own;
  }
  return local ? nullptr : scaling;
}

/// By how much attention over `scale` times the positions is sharpened (YaRN, section 3.4).
double yarn_length(double scale, double share) {
  return scale <= 1 ? 1 : 0.1 * share * std::log(scale) + 1;
}

void read_yarn(ConfigFields& own, ConfigFields& fields, RopeConfig& rope) {
  rope.kind = RopeKind::yarn;
  const double positions = fields.positive("max_position_embeddings", 8192);
  rope.original_positions = own.positive("original_max_position_embeddings", positions);
  rope.factor = own.positive("factor", positions / rope.original_positions);
  rope.beta_fast = own.positive("beta_fast", 32);
  rope.beta_slow = own.positive("beta_slow", 1);
  rope.truncate = own.flag("truncate", true);
  rope.length = yarn_length(rope.factor, 1);
  if (own.has("mscale") && own.has("mscale_all_dim")) {
    rope.length = yarn_length(rope.factor, own.positive("mscale", 1)) /
                  yarn_length(rope.factor, own.positive("mscale_all_dim", 1));
  }
  rope.length = own.positive("attention_factor", rope.length);
}

}  // namespace

std::vector<LayerConfig> read_layer_configs(ConfigFields& fields, const DecoderFamily& family) {
  std::vector<LayerConfig> layers;
  const std::int64_t count = fields.size("num_hidden_layers", family.layers);
  const std::int64_t window = window_of(fields, family);
  for (std::int64_t i = 0; i < count && !fields.fault(); ++i) {
    LayerConfig layer;
    const bool sliding = family.name != "llama" && family.name != "gemma" &&
                         (window > 0 || family.name == "gemma3_text") &&
                         slides(fields, family, i, count);
    layer.window = sliding ? window : 0;
    layer.local_rope = sliding && family.name == "gemma3_text";
    layer.mixture = is_mixture(fields, family, i);
    layers.push_back(layer);
  }
  return layers;
}

RopeConfig read_rope_config(ConfigFields& fields, const DecoderFamily& family, bool local) {
  const bool is_gemma3 = family.name == "gemma3_text";
  RopeConfig rope;
  rope.theta =
      fields.positive(local ? "rope_local_base_freq" : "rope_theta", local ? 1e4 : family.theta);
  const Value* entry = rope_entry(fields, is_gemma3, local);
  if (entry == nullptr) return rope;
  ConfigFields own(*entry);
  rope.theta = own.positive("rope_theta", rope.theta);
  const std::string type = own.text("rope_type", own.text("type", "default"));
  if (type == "linear") {
    rope.kind = RopeKind::linear;
  } else if (type == "llama3") {
    rope.kind = RopeKind::llama3;
    rope.low_factor = own.positive("low_freq_factor", 1);
    rope.high_factor = own.positive("high_freq_factor", 4);
    rope.original_positions = own.positive("original_max_position_embeddings",
                                           fields.positive("max_position_embeddings", 8192));
  } else if (type == "yarn") {
    read_yarn(own, fields, rope);
  } else if (type == "dynamic") {
    // Up to the trained length nothing changes.
    rope.most_positions = fields.size("max_position_embeddings", 2048);
  } else if (type != "default") {
    fields.fail(error("E581", fmt::format("rotary positions of type '{}' are not run",
                                          escape_for_terminal(type)))
                    .hint("those that are: default, linear, dynamic, llama3 and yarn"));
  }
  if (rope.kind == RopeKind::linear || rope.kind == RopeKind::llama3)
    rope.factor = own.positive("factor", 1);
  if (own.positive("partial_rotary_factor", 1) != 1)
    fields.fail(error("E581", "rotary positions of a part of each head are not run"));
  if (own.fault()) fields.fail(*own.fault());
  return rope;
}

}  // namespace inarch
