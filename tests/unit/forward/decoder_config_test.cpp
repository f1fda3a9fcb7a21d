#include "runtime/forward/decoder_config.h"

#include <gtest/gtest.h>

#include "compiler/core/json.h"
#include "runtime/forward/token_groups.h"

namespace inarch {
namespace {

Result<DecoderConfig> read(const std::string& text) {
  return read_decoder_config(*parse_json(text, "config.json"));
}

std::string fault_of(const std::string& text) {
  const auto config = read(text);
  return config ? "" : config.error().code;
}

TEST(DecoderConfig, LeavesTheRestToTheFamily) {
  const auto config = read(R"({"model_type": "gemma3", "text_config": {"model_type": "gemma3_text",
      "hidden_size": 2560, "num_hidden_layers": 12, "sliding_window": 1024,
      "rope_scaling": {"rope_type": "linear", "factor": 8.0}}})");
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->vocabulary, 262208);
  EXPECT_EQ(config->heads, 8);
  EXPECT_EQ(config->head_dim, 256);
  EXPECT_EQ(config->rope.kind, RopeKind::linear);
  EXPECT_EQ(config->rope.theta, 1e6);
  EXPECT_EQ(config->local_rope.kind, RopeKind::plain);
  EXPECT_EQ(config->local_rope.theta, 1e4);
  EXPECT_EQ(config->layers[4].window, 1024);
  EXPECT_EQ(config->layers[5].window, 0);
  EXPECT_TRUE(config->tied && config->scaled_embedding && config->head_norms);
}

TEST(DecoderConfig, NullIsAnAnswer) {
  const auto mistral = read(R"({"model_type": "mistral", "sliding_window": null})");
  ASSERT_TRUE(mistral.ok());
  EXPECT_EQ(mistral->layers[0].window, 0);
  EXPECT_EQ(mistral->head_dim, 128);
  const auto usual = read(R"({"model_type": "mistral"})");
  EXPECT_EQ(usual->layers[0].window, 4096);
  const auto gemma = read(R"({"model_type": "gemma2", "attn_logit_softcapping": null})");
  EXPECT_EQ(gemma->attention_cap, 0);
  EXPECT_EQ(gemma->logit_cap, 30);
}

TEST(DecoderConfig, SaysWhatIsNotRun) {
  EXPECT_EQ(fault_of("{}"), "E581");
  EXPECT_EQ(fault_of(R"({"model_type": "mamba"})"), "E581");
  EXPECT_EQ(fault_of(R"({"model_type": "llama", "rope_scaling": {"type": "longrope"}})"), "E581");
  EXPECT_EQ(fault_of(R"({"model_type": "llama", "hidden_act": "gelu_new"})"), "E581");
  EXPECT_EQ(fault_of(R"({"model_type": "gemma", "use_bidirectional_attention": true})"), "E581");
  EXPECT_EQ(fault_of(R"({"model_type": "llama", "hidden_size": "big"})"), "E589");
  EXPECT_EQ(fault_of(R"({"model_type": "llama", "num_key_value_heads": 5})"), "E589");
  EXPECT_EQ(fault_of(R"({"model_type": "qwen3", "head_dim": 7})"), "E589");
  EXPECT_EQ(fault_of(R"({"model_type": "gemma2", "layer_types": ["full_attention"]})"), "E589");
}

TEST(TokenGroups, AreOfWholeSequencesAndDependOnLengthsAlone) {
  const auto config =
      read(R"({"model_type": "llama", "hidden_size": 2048, "intermediate_size": 8192,
      "num_key_value_heads": 8, "num_hidden_layers": 1})");
  const std::int64_t most = (96 << 20) / (floats_per_token(*config) * 4);
  const auto length = static_cast<std::size_t>(most / 2);
  const std::vector<TokenSequence> sequences = {TokenSequence(length), TokenSequence(length),
                                                TokenSequence(5), TokenSequence(10 * length)};
  const auto groups = group_tokens(*config, sequences);
  ASSERT_EQ(groups.size(), 3U);
  EXPECT_EQ(groups[0].sequences.size(), 2U);
  EXPECT_EQ(groups[1].first_sequence, 2U);
  EXPECT_EQ(groups[2].tokens, static_cast<std::int64_t>(10 * length));
  EXPECT_EQ(groups[2].first, groups[1].first + 5);
  EXPECT_EQ(groups[0].positions[length], 0);
}

}  // namespace
}  // namespace inarch
