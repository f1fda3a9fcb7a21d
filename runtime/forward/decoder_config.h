#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/core/value.h"
#include "compiler/support/result.h"

namespace inarch {

enum class Activation : std::uint8_t { silu, gelu, gelu_tanh, relu };

/// x / rms(x) · w, or · (1 + w) in f32 before anything is rounded, as the Gemmas have it.
enum class NormStyle : std::uint8_t { plain, one_plus };

/// Which frequencies positions turn at: θ^(−2i/d); all divided by `factor` (linear); as Llama 3.1
/// does, the low ones divided and the middle ones blended; or as YaRN does, by how often they turn
/// within the original positions, with cosines and sines that are longer by `length`.
enum class RopeKind : std::uint8_t { plain, linear, llama3, yarn };
struct RopeConfig {
  RopeKind kind = RopeKind::plain;
  double theta = 10000;
  double factor = 1;
  double low_factor = 1;   ///< llama3
  double high_factor = 4;  ///< llama3
  double original_positions = 8192;
  double beta_fast = 32;  ///< yarn: turns above which a frequency stays
  double beta_slow = 1;   ///< yarn: turns below which it is divided
  bool truncate = true;   ///< yarn: the limits between the two are whole pairs
  double length = 1;
  /// Frequencies change for sequences that are longer, which are not run; 0: they do not.
  std::int64_t most_positions = 0;
};

/// What layers differ in.
struct LayerConfig {
  std::int64_t window = 0;  ///< how many tokens back attention reaches, itself included; 0: all
  bool local_rope = false;  ///< turns by `DecoderConfig::local_rope`
  bool mixture = false;     ///< experts in place of one MLP
};

/// A decoder of the kind that Llama began: embeddings, layers of attention (grouped queries, rotary
/// positions) and a gated MLP or a mixture of such, each behind an RMS norm, a last norm, logits.
struct DecoderConfig {
  std::string family;  ///< config.json's model_type
  std::int64_t vocabulary = 0;
  std::int64_t hidden = 0;
  std::int64_t intermediate = 0;
  std::int64_t heads = 0;
  std::int64_t kv_heads = 0;
  std::int64_t head_dim = 0;
  Activation activation = Activation::silu;
  NormStyle norm = NormStyle::plain;
  double norm_epsilon = 1e-6;
  bool output_norms = false;  ///< what attention and MLP give is normed too (Gemma 2 and 3)
  bool head_norms = false;    ///< queries and keys are normed head by head
  bool qkv_bias = false;
  bool o_bias = false;
  bool mlp_bias = false;
  bool scaled_embedding = false;  ///< embeddings times √hidden (the Gemmas)
  bool tied = false;              ///< logits by the embedding
  double attention_scale = 0;
  double attention_cap = 0;  ///< scores are cap · tanh(score / cap); 0: as they are
  double logit_cap = 0;
  RopeConfig rope;
  RopeConfig local_rope;
  std::int64_t experts = 0;
  std::int64_t chosen_experts = 0;
  std::int64_t expert_intermediate = 0;
  bool normalised_weights = false;  ///< the weights of the chosen experts sum to one
  bool rounded_weights = false;     ///< they are rounded as activations are (Qwen, not Mixtral)
  std::vector<LayerConfig> layers;
};

/// Reads config.json of gemma, gemma2, gemma3_text, gemma3 (its text part), llama, mistral,
/// mixtral, qwen2, qwen3 and qwen3_moe, as transformers 5 writes it and as earlier ones did; what
/// is not said is what transformers 5.23 takes then. E581: another family, or one of these with
/// something that is not computed here; E589: a size that is missing or makes no sense.
Result<DecoderConfig> read_decoder_config(const Value& config);

}  // namespace inarch
