// Parameter counts of published models, from their configs alone.

#include <algorithm>
#include <iterator>

#include "tests/unit/architecture/architecture_test_support.h"

namespace inarch {
namespace {

struct Counted {
  std::int64_t parameters = 0;
  std::int64_t elements = 0;  // buffers too
  std::size_t tensors = 0;
};

Counted count(std::string_view architecture, const Value& config, std::string_view component = {}) {
  Diagnostics diagnostics;
  const auto tensors = built_in(architecture).expand(config, diagnostics);
  EXPECT_TRUE(tensors);
  Counted counted;
  for (const ArchTensor& tensor : tensors.value_or(std::vector<ArchTensor>())) {
    if (!tensor.required()) continue;
    if (!component.empty() && tensor.component != component) continue;
    counted.elements += numel(tensor.shape);
    if (!tensor.buffer) counted.parameters += numel(tensor.shape);
    ++counted.tensors;
  }
  return counted;
}

struct Published {
  const char* model;
  const char* architecture;
  std::int64_t parameters;
  const char* config;  // what the published one says of sizes
};

class PublishedModels : public testing::TestWithParam<Published> {};

TEST_P(PublishedModels, have_as_many_parameters_as_their_cards_say) {
  EXPECT_EQ(count(GetParam().architecture, json(GetParam().config)).parameters,
            GetParam().parameters);
}

INSTANTIATE_TEST_SUITE_P(
    Dense, PublishedModels,
    testing::Values(
        Published{"llama_2_7b", "llama", 6'738'415'616,
                  R"({"hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32,
                      "num_attention_heads": 32, "vocab_size": 32000})"},
        Published{"mistral_7b", "mistral", 7'241'732'096,
                  R"({"hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
                      "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 32000,
                      "tie_word_embeddings": false})"},
        Published{"qwen2_5_0_5b", "qwen2", 494'032'768,
                  R"({"hidden_size": 896, "intermediate_size": 4864, "num_hidden_layers": 24,
                      "num_attention_heads": 14, "num_key_value_heads": 2, "vocab_size": 151936,
                      "tie_word_embeddings": true})"},
        Published{"qwen2_5_7b", "qwen2", 7'615'616'512,
                  R"({"hidden_size": 3584, "intermediate_size": 18944, "num_hidden_layers": 28,
                      "num_attention_heads": 28, "num_key_value_heads": 4, "vocab_size": 152064,
                      "tie_word_embeddings": false})"},
        Published{"qwen3_0_6b", "qwen3", 596'049'920,
                  R"({"hidden_size": 1024, "intermediate_size": 3072, "num_hidden_layers": 28,
                      "num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 128,
                      "vocab_size": 151936, "attention_bias": false,
                      "tie_word_embeddings": true})"},
        Published{"phi_3_mini", "phi3", 3'821'079'552,
                  R"({"hidden_size": 3072, "intermediate_size": 8192, "num_hidden_layers": 32,
                      "num_attention_heads": 32, "num_key_value_heads": 32, "vocab_size": 32064,
                      "tie_word_embeddings": false})"},
        Published{"olmo_7b", "olmo", 6'888'095'744,
                  R"({"hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32,
                      "num_attention_heads": 32, "num_key_value_heads": 32, "vocab_size": 50304,
                      "tie_word_embeddings": false})"},
        Published{"olmo_2_7b", "olmo2", 7'298'617'344,
                  R"({"hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32,
                      "num_attention_heads": 32, "num_key_value_heads": 32, "vocab_size": 100352,
                      "tie_word_embeddings": false})"},
        Published{"gpt2", "gpt2", 124'439'808,
                  R"({"n_embd": 768, "n_layer": 12, "n_head": 12, "n_positions": 1024,
                      "n_ctx": 1024, "vocab_size": 50257})"},
        Published{"pythia_160m", "gpt_neox", 162'322'944,
                  R"({"hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12,
                      "num_attention_heads": 12, "max_position_embeddings": 2048,
                      "rotary_pct": 0.25, "vocab_size": 50304, "tie_word_embeddings": false})"}),
    [](const auto& test) { return std::string(test.param.model); });

INSTANTIATE_TEST_SUITE_P(
    Gemma, PublishedModels,
    testing::Values(
        Published{"gemma_2b", "gemma", 2'506'172'416,
                  R"({"hidden_size": 2048, "intermediate_size": 16384, "num_hidden_layers": 18,
                      "num_attention_heads": 8, "num_key_value_heads": 1, "head_dim": 256,
                      "vocab_size": 256000, "attention_bias": false})"},
        Published{"gemma_2_2b", "gemma2", 2'614'341'888,
                  R"({"hidden_size": 2304, "intermediate_size": 9216, "num_hidden_layers": 26,
                      "num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 256,
                      "vocab_size": 256000, "attention_bias": false})"},
        Published{"gemma_3_1b", "gemma3_text", 999'885'952,
                  R"({"hidden_size": 1152, "intermediate_size": 6912, "num_hidden_layers": 26,
                      "num_attention_heads": 4, "num_key_value_heads": 1, "head_dim": 256,
                      "vocab_size": 262144, "sliding_window_pattern": 6})"},
        Published{"gemma_3_4b", "gemma3", 4'300'079'472,
                  R"({"text_config": {"hidden_size": 2560, "intermediate_size": 10240,
                      "num_hidden_layers": 34}, "vision_config": {"hidden_size": 1152,
                      "image_size": 896, "intermediate_size": 4304, "num_attention_heads": 16,
                      "num_hidden_layers": 27, "patch_size": 14, "vision_use_head": false}})"}),
    [](const auto& test) { return std::string(test.param.model); });

constexpr const char* config_of_v4_flash =
    R"({"hidden_size": 4096, "moe_intermediate_size": 2048, "num_hidden_layers": 43,
    "num_attention_heads": 64, "head_dim": 512, "n_routed_experts": 256,
    "num_experts_per_tok": 6, "q_lora_rank": 1024, "o_lora_rank": 1024,
    "o_groups": 8, "index_n_heads": 64, "index_head_dim": 128, "hc_mult": 4,
    "num_hash_layers": 3, "vocab_size": 129280, "tie_word_embeddings": false,
    "compress_ratios": [0, 0,
      4, 128, 4, 128, 4, 128, 4, 128, 4, 128, 4, 128, 4, 128, 4, 128, 4, 128,
      4, 128, 4, 128, 4, 128, 4, 128, 4, 128, 4, 128, 4, 128, 4, 128, 4, 128,
      4, 128, 4, 128, 4, 0]})";

constexpr const char* config_of_v3 = R"({"hidden_size": 7168, "intermediate_size": 18432,
    "moe_intermediate_size": 2048, "num_hidden_layers": 61, "num_attention_heads": 128,
    "n_routed_experts": 256, "n_shared_experts": 1, "first_k_dense_replace": 3,
    "q_lora_rank": 1536, "kv_lora_rank": 512, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64,
    "v_head_dim": 128, "num_nextn_predict_layers": 1, "vocab_size": 129280,
    "tie_word_embeddings": false})";

INSTANTIATE_TEST_SUITE_P(
    Experts, PublishedModels,
    testing::Values(
        Published{"mixtral_8x7b", "mixtral", 46'702'792'704,
                  R"({"hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
                      "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 32000,
                      "num_local_experts": 8, "tie_word_embeddings": false})"},
        Published{"qwen3_30b_a3b", "qwen3_moe", 30'532'122'624,
                  R"({"hidden_size": 2048, "intermediate_size": 6144, "num_hidden_layers": 48,
                      "num_attention_heads": 32, "num_key_value_heads": 4, "head_dim": 128,
                      "vocab_size": 151936, "num_experts": 128, "moe_intermediate_size": 768,
                      "decoder_sparse_step": 1, "mlp_only_layers": [],
                      "tie_word_embeddings": false})"},
        Published{"deepseek_v2_lite", "deepseek_v2", 15'706'484'224,
                  R"({"hidden_size": 2048, "intermediate_size": 10944,
                      "moe_intermediate_size": 1408, "num_hidden_layers": 27,
                      "num_attention_heads": 16, "n_routed_experts": 64, "n_shared_experts": 2,
                      "q_lora_rank": null, "kv_lora_rank": 512, "qk_nope_head_dim": 128,
                      "qk_rope_head_dim": 64, "v_head_dim": 128, "first_k_dense_replace": 1,
                      "vocab_size": 102400, "tie_word_embeddings": false})"},
        Published{"deepseek_v2", "deepseek_v2", 235'741'434'880,
                  R"({"hidden_size": 5120, "intermediate_size": 12288,
                      "moe_intermediate_size": 1536, "num_hidden_layers": 60,
                      "num_attention_heads": 128, "n_routed_experts": 160, "n_shared_experts": 2,
                      "q_lora_rank": 1536, "kv_lora_rank": 512, "qk_nope_head_dim": 128,
                      "qk_rope_head_dim": 64, "v_head_dim": 128, "first_k_dense_replace": 1,
                      "vocab_size": 102400, "tie_word_embeddings": false})"},
        Published{"deepseek_v3", "deepseek_v3", 671'026'404'352, config_of_v3},
        Published{"deepseek_v4_flash", "deepseek_v4", 284'332'230'231, config_of_v4_flash}),
    [](const auto& test) { return std::string(test.param.model); });

bool is_fp8_in_v3(const ArchTensor& tensor) {
  constexpr std::string_view kept[] = {"embed_tokens.", "head.", "mlp.gate.", "eh_proj."};
  return tensor.shape.size() == 2 &&
         std::none_of(std::begin(kept), std::end(kept), [&](std::string_view name) {
           return tensor.name.find(name) != std::string::npos;
         });
}

// The index of the published files has 91,991 names: those of the architecture with its layer that
// predicts further tokens, and a scale for every matrix in FP8.
TEST(DeepseekV3, has_the_names_of_the_published_files) {
  Diagnostics diagnostics;
  const auto tensors = built_in("deepseek_v3").expand(json(config_of_v3), diagnostics);
  ASSERT_TRUE(tensors);
  const auto scales = std::count_if(tensors->begin(), tensors->end(), is_fp8_in_v3);
  EXPECT_EQ(tensors->size() + static_cast<std::size_t>(scales), 91'991u);
}

/// Bytes of a tensor in the published files of V4, and whether it has a tensor of scales beside it.
struct Stored {
  std::int64_t bytes = 0;
  bool scaled = false;
};

std::int64_t blocks(std::int64_t size) { return (size + 127) / 128; }

bool is_fp8_in_v4(std::string_view name) {
  constexpr std::string_view endings[] = {"wq_a.weight",  "wq_b.weight", "wkv.weight",
                                          "wo_a.weight",  "wo_b.weight", "e_proj.weight",
                                          "h_proj.weight"};
  if (name.find("compressor.w") != std::string_view::npos) return false;
  return name.find("shared_experts.") != std::string_view::npos ||
         std::any_of(std::begin(endings), std::end(endings),
                     [&](std::string_view ending) { return name.ends_with(ending); });
}

Stored stored_in_v4(const ArchTensor& tensor) {
  const std::int64_t elements = numel(tensor.shape);
  if (tensor.dtype) return {elements * (*tensor.dtype == DType::i64 ? 8 : 4), false};
  if (tensor.name.find("ffn.experts.") != std::string::npos)
    return {elements / 2 + elements / 32, true};
  if (!is_fp8_in_v4(tensor.name)) return {elements * 2, false};
  return {elements + blocks(tensor.shape[0]) * blocks(tensor.shape[1]), true};
}

// As the index of the published files has it, with the layer that predicts a further token.
TEST(DeepseekV4, has_the_names_and_bytes_of_the_published_files) {
  Diagnostics diagnostics;
  const auto tensors = built_in("deepseek_v4").expand(json(config_of_v4_flash), diagnostics);
  ASSERT_TRUE(tensors);
  std::size_t names = 0;
  std::int64_t bytes = 0;
  for (const ArchTensor& tensor : *tensors) {
    const Stored stored = stored_in_v4(tensor);
    names += stored.scaled ? 2 : 1;
    bytes += stored.bytes;
  }
  EXPECT_EQ(names, 69'187u);
  EXPECT_EQ(bytes, 159'609'485'896);
}

constexpr std::string_view vision_of_e2b = R"({"hidden_size": 768, "intermediate_size": 3072,
    "num_hidden_layers": 16, "num_attention_heads": 12, "num_key_value_heads": 12, "head_dim": 64,
    "patch_size": 16, "position_embedding_size": 10240, "use_clipped_linears": true,
    "standardize": false})";

TEST(PublishedGemma4, text_of_31b) {
  const Value config = json(R"({"text_config": {"hidden_size": 5376, "intermediate_size": 21504,
      "num_hidden_layers": 60, "num_attention_heads": 32, "num_key_value_heads": 16,
      "num_global_key_value_heads": 4, "head_dim": 256, "global_head_dim": 512,
      "attention_k_eq_v": true, "vocab_size": 262144, "hidden_size_per_layer_input": 0}})");
  EXPECT_EQ(count("gemma4", config).elements, 30'697'345'340);
}

TEST(PublishedGemma4, vision_of_e2b_has_its_clip_buffers) {
  Value config = json(R"({"text_config": {"hidden_size": 1536, "intermediate_size": 6144,
      "num_hidden_layers": 35, "num_attention_heads": 8, "num_key_value_heads": 1,
      "num_kv_shared_layers": 20, "use_double_wide_mlp": true}})");
  config.set_path("vision_config", json(vision_of_e2b));
  const Counted vision = count("gemma4", config, "vision");
  EXPECT_EQ(vision.parameters, 16'318'464 + 151'046'144 + 1536 * 768);
  EXPECT_EQ(vision.elements - vision.parameters, 448);
}

TEST(PublishedGemma4, franken_gemma_4_dense_1b) {
  Value config = json(R"({"text_config": {"hidden_size": 1152, "intermediate_size": 6912,
      "num_hidden_layers": 18, "num_attention_heads": 4, "num_key_value_heads": 1,
      "num_global_key_value_heads": 1, "head_dim": 256, "global_head_dim": 512,
      "attention_k_eq_v": true, "vocab_size": 262144, "hidden_size_per_layer_input": 0},
      "audio_config": null})");
  config.set_path("vision_config", json(vision_of_e2b));
  const Counted franken = count("gemma4", config);
  EXPECT_EQ(franken.parameters, 960'477'824);
  EXPECT_EQ(franken.elements, 960'478'290);
  EXPECT_EQ(franken.tensors, 910u);
}

}  // namespace
}  // namespace inarch
