#include "runtime/forward/decoder_config.h"

#include <cmath>

#include <fmt/format.h>

#include "compiler/support/text.h"
#include "runtime/forward/config_fields.h"
#include "runtime/forward/decoder_family.h"
#include "runtime/forward/decoder_layers.h"

namespace inarch {

namespace {

Activation read_activation(ConfigFields& fields, const DecoderFamily& family) {
  const std::string said = fields.text(family.activation_key, family.activation);
  // The first Gemmas say "gelu" and mean the other one; transformers corrects it, as here.
  if (said == "gelu" && family.name == "gemma") return Activation::gelu_tanh;
  if (said == "silu" || said == "swish") return Activation::silu;
  if (said == "gelu_pytorch_tanh") return Activation::gelu_tanh;
  if (said == "gelu") return Activation::gelu;
  if (said == "relu") return Activation::relu;
  fields.fail(error("E581", fmt::format("activation '{}' is not run", escape_for_terminal(said)))
                  .hint("those that are: silu, gelu_pytorch_tanh, gelu and relu"));
  return Activation::silu;
}

void read_sizes(ConfigFields& fields, const DecoderFamily& family, DecoderConfig& config) {
  config.vocabulary = fields.size("vocab_size", family.vocabulary);
  config.hidden = fields.size("hidden_size", family.hidden);
  config.intermediate = fields.size("intermediate_size", family.intermediate);
  config.heads = fields.size("num_attention_heads", family.heads);
  // A null is as many as heads, a key that is not there the family's own number.
  const bool as_heads = family.kv_heads == 0 || fields.is_null("num_key_value_heads");
  config.kv_heads = fields.size("num_key_value_heads", as_heads ? config.heads : family.kv_heads);
  config.head_dim =
      fields.size("head_dim", family.head_dim > 0 ? family.head_dim : config.hidden / config.heads);
  if (config.heads % config.kv_heads != 0) {
    fields.fail(error("E589", fmt::format("{} heads cannot share {} keys and values", config.heads,
                                          config.kv_heads)));
  }
  if (config.head_dim % 2 != 0)
    fields.fail(error("E589", fmt::format("a head of {} has no halves to turn", config.head_dim)));
}

void read_attention(ConfigFields& fields, const DecoderFamily& family, DecoderConfig& config) {
  const bool attention_bias = family.name != "mistral" && family.name != "mixtral" &&
                              family.name != "qwen2" && fields.flag("attention_bias", false);
  config.qkv_bias = attention_bias || family.name == "qwen2";
  config.o_bias = attention_bias;
  config.head_norms = family.name == "gemma3_text" || family.name.starts_with("qwen3");
  const bool own_scale = family.name == "gemma2" || family.name == "gemma3_text";
  config.attention_scale = 1 / std::sqrt(own_scale ? fields.positive("query_pre_attn_scalar", 256)
                                                   : static_cast<double>(config.head_dim));
  // Gemma 3 has the key as well, but its attention makes nothing of it.
  if (family.name == "gemma2" && !fields.is_null("attn_logit_softcapping"))
    config.attention_cap = fields.positive("attn_logit_softcapping", 50);
  if (family.is_gemma && fields.flag("use_bidirectional_attention", false))
    fields.fail(error("E581", "attention in both directions is not run"));
  config.rope = read_rope_config(fields, family, false);
  config.local_rope = read_rope_config(fields, family, family.name == "gemma3_text");
}

void read_mixture(ConfigFields& fields, const DecoderFamily& family, DecoderConfig& config) {
  const bool mixtral = family.name == "mixtral";
  config.experts = fields.has("num_local_experts") ? fields.size("num_local_experts", 8)
                                                   : fields.size("num_experts", mixtral ? 8 : 128);
  config.chosen_experts = fields.size("num_experts_per_tok", mixtral ? 2 : 8);
  config.expert_intermediate =
      mixtral ? config.intermediate : fields.size("moe_intermediate_size", 768);
  config.normalised_weights = mixtral || fields.flag("norm_topk_prob", false);
  config.rounded_weights = !mixtral;
  if (config.chosen_experts > config.experts) {
    fields.fail(error("E589", fmt::format("{} of {} experts cannot be chosen",
                                          config.chosen_experts, config.experts)));
  }
}

DecoderConfig read_family(ConfigFields& fields, const DecoderFamily& family) {
  DecoderConfig config;
  config.family = family.name;
  read_sizes(fields, family, config);
  config.activation = read_activation(fields, family);
  config.norm = family.is_gemma ? NormStyle::one_plus : NormStyle::plain;
  config.norm_epsilon = fields.positive("rms_norm_eps", family.norm_epsilon);
  config.output_norms = family.name == "gemma2" || family.name == "gemma3_text";
  config.mlp_bias = family.name == "llama" && fields.flag("mlp_bias", false);
  config.scaled_embedding = family.is_gemma;
  config.tied = fields.flag("tie_word_embeddings", family.tied);
  read_attention(fields, family, config);
  const bool capped = family.name == "gemma2" || family.name == "gemma3_text";
  if (capped && !fields.is_null("final_logit_softcapping") &&
      (family.name == "gemma2" || fields.has("final_logit_softcapping")))
    config.logit_cap = fields.positive("final_logit_softcapping", 30);
  config.layers = read_layer_configs(fields, family);
  if (family.name == "mixtral" || family.name == "qwen3_moe") read_mixture(fields, family, config);
  return config;
}

}  // namespace

Result<DecoderConfig> read_decoder_config(const Value& config) {
  if (config.if_map() == nullptr)
    return error("E581", "there is no config.json, which says how a model is run");
  const Value* type = config.find("model_type");
  const std::string name = type != nullptr && type->if_text() ? *type->if_text() : "";
  const DecoderFamily* family = find_decoder_family(name);
  if (family == nullptr) {
    return error("E581", name.empty() ? "the config says no model_type"
                                      : fmt::format("models of type '{}' are not run",
                                                    escape_for_terminal(name)))
        .hint("those that are: " + join_names(decoder_family_names(), 20));
  }
  const Value* text = name == "gemma3" ? config.find("text_config") : &config;
  if (text == nullptr || text->if_map() == nullptr)
    return error("E589", "the config says no text_config");
  ConfigFields fields(*text);
  DecoderConfig read = read_family(fields, *family);
  // The model that also sees makes nothing of the key.
  if (name == "gemma3") read.logit_cap = 0;
  if (fields.fault()) return Diagnostic(*fields.fault()).in("config.json");
  return read;
}

}  // namespace inarch
