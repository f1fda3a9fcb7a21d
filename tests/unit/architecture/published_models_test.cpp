// Parameter counts of published models, from their configs alone.

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

constexpr std::string_view vision_of_e2b = R"({"hidden_size": 768, "intermediate_size": 3072,
    "num_hidden_layers": 16, "num_attention_heads": 12, "num_key_value_heads": 12, "head_dim": 64,
    "patch_size": 16, "position_embedding_size": 10240, "use_clipped_linears": true,
    "standardize": false})";

TEST(PublishedModels, gemma_3_1b) {
  const Value config = json(R"({"hidden_size": 1152, "intermediate_size": 6912,
      "num_hidden_layers": 26, "num_attention_heads": 4, "num_key_value_heads": 1, "head_dim": 256,
      "vocab_size": 262144, "sliding_window_pattern": 6})");
  EXPECT_EQ(count("gemma3_text", config).parameters, 999'885'952);
}

TEST(PublishedModels, gemma_4_31b_text) {
  const Value config = json(R"({"text_config": {"hidden_size": 5376, "intermediate_size": 21504,
      "num_hidden_layers": 60, "num_attention_heads": 32, "num_key_value_heads": 16,
      "num_global_key_value_heads": 4, "head_dim": 256, "global_head_dim": 512,
      "attention_k_eq_v": true, "vocab_size": 262144, "hidden_size_per_layer_input": 0}})");
  EXPECT_EQ(count("gemma4", config).elements, 30'697'345'340);
}

TEST(PublishedModels, gemma_4_e2b_vision_has_its_clip_buffers) {
  Value config = json(R"({"text_config": {"hidden_size": 1536, "intermediate_size": 6144,
      "num_hidden_layers": 35, "num_attention_heads": 8, "num_key_value_heads": 1,
      "num_kv_shared_layers": 20, "use_double_wide_mlp": true}})");
  config.set_path("vision_config", json(vision_of_e2b));
  const Counted vision = count("gemma4", config, "vision");
  EXPECT_EQ(vision.parameters, 16'318'464 + 151'046'144 + 1536 * 768);
  EXPECT_EQ(vision.elements - vision.parameters, 448);
}

TEST(PublishedModels, franken_gemma_4_dense_1b) {
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

TEST(PublishedModels, llama_2_7b) {
  const Value config = json(R"({"hidden_size": 4096, "intermediate_size": 11008,
      "num_hidden_layers": 32, "num_attention_heads": 32, "vocab_size": 32000})");
  EXPECT_EQ(count("llama", config).parameters, 6'738'415'616);
}

}  // namespace
}  // namespace inarch
