// What published files hold besides the tensors that a loader asks for: masks that nothing reads,
// layers that only some loaders use, scales beside matrices.

#include <algorithm>

#include "compiler/architecture/recognise.h"
#include "tests/unit/architecture/architecture_test_support.h"

namespace inarch {
namespace {

/// A small checkpoint of a family, as its files were published.
struct PublishedFile {
  PublishedFile(std::string_view family, std::string_view spelling, std::string_view config_text)
      : architecture(built_in(family)), config(json(config_text)) {
    Diagnostics diagnostics;
    const auto usual = architecture.expand(config, diagnostics);
    EXPECT_TRUE(usual);
    expected = architecture.respell(*usual, spelling, diagnostics).value();
    checkpoint = as_checkpoint(expected, config);
  }

  const ArchTensor* find(std::string_view name) const {
    const auto found = std::find_if(expected.begin(), expected.end(),
                                    [&](const ArchTensor& tensor) { return tensor.name == name; });
    return found == expected.end() ? nullptr : &*found;
  }

  void add(std::string name, Shape shape) {
    TensorInfo info;
    info.name = std::move(name);
    info.shape = std::move(shape);
    info.dtype = DType::f32;
    checkpoint.tensors.push_back(std::move(info));
    checkpoint.build_index();
  }

  /// Adds what the architecture says of tensors that are not required.
  void add_described(std::string_view name) {
    const ArchTensor* tensor = find(name);
    ASSERT_TRUE(tensor) << name;
    ASSERT_FALSE(tensor->required()) << name;
    add(tensor->name, tensor->shape);
  }

  Comparison compared() const {
    SourceMap sources;
    const auto found = recognise(checkpoint, sources);
    EXPECT_TRUE(found);
    EXPECT_EQ(found->architecture.name(), architecture.name());
    return compare(found->architecture, found->spelling, expected, checkpoint.tensors);
  }

  Architecture architecture;
  Value config;
  std::vector<ArchTensor> expected;
  Checkpoint checkpoint;
};

TEST(PublishedFiles, gpt2_has_no_prefix_and_holds_masks) {
  PublishedFile gpt2("gpt2", "bare", R"({"model_type": "gpt2", "n_embd": 8, "n_layer": 1,
      "n_head": 2, "n_positions": 6, "vocab_size": 16, "add_cross_attention": true})");
  EXPECT_TRUE(gpt2.find("h.0.attn.c_attn.weight"));
  for (const std::string attention : {"h.0.attn", "h.0.crossattention"}) {
    gpt2.add(attention + ".bias", {1, 1, 6, 6});
    gpt2.add(attention + ".masked_bias", {});
  }
  const Comparison result = gpt2.compared();
  EXPECT_TRUE(result.agrees());
  ASSERT_EQ(result.ignored.size(), 4u);
  for (const auto& pair : result.ignored) EXPECT_EQ(pair.expected->shape, pair.found->shape);
}

TEST(PublishedFiles, gpt2_without_cross_attention_has_no_masks_of_it) {
  PublishedFile gpt2("gpt2", "bare", R"({"model_type": "gpt2", "n_embd": 8, "n_layer": 1,
      "n_head": 2, "n_positions": 6, "vocab_size": 16})");
  gpt2.add("h.0.crossattention.bias", {1, 1, 6, 6});
  EXPECT_EQ(gpt2.compared().unexpected.size(), 1u);
}

TEST(PublishedFiles, pythia_holds_masks_and_frequencies) {
  for (const std::string share : {R"("rotary_pct": 0.25)", R"("hidden_act": "gelu")",
                                  R"("rope_parameters": {"partial_rotary_factor": 0.25})"}) {
    PublishedFile pythia("gpt_neox", "", R"({"model_type": "gpt_neox", "hidden_size": 128,
        "intermediate_size": 12, "num_hidden_layers": 1, "num_attention_heads": 2,
        "vocab_size": 16, )" + share + "}");
    pythia.add("gpt_neox.layers.0.attention.bias", {1, 1, 2048, 2048});
    pythia.add("gpt_neox.layers.0.attention.masked_bias", {});
    pythia.add("gpt_neox.layers.0.attention.rotary_emb.inv_freq", {8});
    const Comparison result = pythia.compared();
    EXPECT_TRUE(result.agrees());
    ASSERT_EQ(result.ignored.size(), 3u);
    for (const auto& pair : result.ignored) EXPECT_EQ(pair.expected->shape, pair.found->shape);
  }
}

std::string small_v3(std::string_view more) {
  return R"({"model_type": "deepseek_v3", "hidden_size": 8, "intermediate_size": 12,
      "moe_intermediate_size": 5, "num_hidden_layers": 2, "num_attention_heads": 2,
      "n_routed_experts": 3, "n_shared_experts": 1, "first_k_dense_replace": 1,
      "kv_lora_rank": 4, "qk_nope_head_dim": 4, "qk_rope_head_dim": 2, "v_head_dim": 6,
      "vocab_size": 16, )" +
         std::string(more) + "}";
}

std::vector<std::string> optional_names(const PublishedFile& file) {
  std::vector<std::string> names;
  for (const ArchTensor& tensor : file.expected) {
    if (tensor.optional) names.push_back(tensor.name);
  }
  return names;
}

TEST(PublishedFiles, deepseek_v3_holds_a_layer_more) {
  PublishedFile v3("deepseek_v3", "", small_v3(R"("q_lora_rank": 7)"));
  const std::vector<std::string> more = optional_names(v3);
  EXPECT_EQ(more.size(), 7u + 2 + 5 + 3 * 3 + 6);  // attention, norms, MLP, experts, its own
  for (const std::string& name : more) v3.add_described(name);
  const Comparison result = v3.compared();
  EXPECT_TRUE(result.agrees());
  EXPECT_EQ(result.matched, v3.checkpoint.tensors.size());
  EXPECT_EQ(v3.find("model.layers.2.eh_proj.weight")->shape, (Shape{8, 16}));
  EXPECT_EQ(v3.find("model.layers.2.self_attn.q_b_proj.weight")->shape, (Shape{12, 7}));
}

TEST(PublishedFiles, deepseek_v3_checks_the_shapes_of_the_layer_more) {
  PublishedFile v3("deepseek_v3", "", small_v3(R"("q_lora_rank": null)"));
  v3.add("model.layers.2.self_attn.q_proj.weight", {12, 8});
  v3.add("model.layers.2.enorm.weight", {9});
  v3.add("model.layers.2.self_attn.q_a_proj.weight", {7, 8});
  const Comparison result = v3.compared();
  EXPECT_EQ(result.wrong_shape.size(), 1u);
  EXPECT_EQ(result.unexpected.size(), 1u);
}

TEST(PublishedFiles, deepseek_v3_may_say_that_it_has_no_layer_more) {
  PublishedFile v3("deepseek_v3", "",
                   small_v3(R"("q_lora_rank": 7, "num_nextn_predict_layers": 0)"));
  EXPECT_TRUE(optional_names(v3).empty());
  EXPECT_TRUE(v3.compared().agrees());
}

std::string small_v4(std::string_view more) {
  return R"({"model_type": "deepseek_v4", "hidden_size": 8,
      "moe_intermediate_size": 6, "num_hidden_layers": 1, "num_attention_heads": 2,
      "head_dim": 8, "q_lora_rank": 10, "o_lora_rank": 5, "o_groups": 2, "n_routed_experts": 3,
      "num_experts_per_tok": 2, "index_n_heads": 3, "index_head_dim": 6, "hc_mult": 2,
      "vocab_size": 16, )" +
         std::string(more) + "}";
}

TEST(PublishedFiles, deepseek_v4_holds_a_layer_more) {
  PublishedFile v4("deepseek_v4", "", small_v4(R"("compress_ratios": [4, 0])"));
  for (const std::string& name : optional_names(v4)) v4.add_described(name);
  EXPECT_TRUE(v4.compared().agrees());
  EXPECT_EQ(v4.find("mtp.0.e_proj.weight")->shape, (Shape{8, 8}));
  EXPECT_FALSE(v4.find("mtp.0.attn.compressor.wkv.weight"));
}

TEST(PublishedFiles, deepseek_v4_checks_the_shapes_of_the_layer_more) {
  PublishedFile v4("deepseek_v4", "", small_v4(R"("compress_ratios": [4, 0])"));
  v4.add("mtp.0.e_proj.weight", {8, 9});
  EXPECT_EQ(v4.compared().wrong_shape.size(), 1u);
}

TEST(PublishedFiles, deepseek_v4_leaves_several_stages_open) {
  for (const std::string more :
       {R"("compress_ratios": [4, 0, 0, 0])", R"("num_nextn_predict_layers": 3)"}) {
    PublishedFile v4("deepseek_v4", "", small_v4(more));
    EXPECT_TRUE(optional_names(v4).empty());
    v4.add("mtp.0.e_proj.weight", {8, 9});
    v4.add("mtp.2.anything", {1});
    const Comparison result = v4.compared();
    EXPECT_TRUE(result.agrees());
    EXPECT_EQ(result.accepted, 2u);
  }
}

/// Scales belong to encodings, which are read before anything is compared.
TEST(PublishedFiles, deepseek_scales_without_their_codes_are_unexpected) {
  PublishedFile v3("deepseek_v3", "", small_v3(R"("q_lora_rank": 7)"));
  v3.add("model.layers.1.mlp.experts.0.up_proj.weight_scale_inv", {1, 1});
  PublishedFile v4("deepseek_v4", "", small_v4(R"("compress_ratios": [4, 0])"));
  v4.add("layers.0.attn.wq_a.scale", {1, 1});
  EXPECT_EQ(v3.compared().unexpected.size(), 1u);
  EXPECT_EQ(v4.compared().unexpected.size(), 1u);
}

TEST(PublishedFiles, half_the_columns_are_a_wrong_shape_in_any_type) {
  for (const DType dtype : {DType::bf16, DType::i8}) {
    PublishedFile v4("deepseek_v4", "", small_v4(R"("compress_ratios": [4, 0])"));
    v4.checkpoint.tensors[0].dtype = dtype;
    v4.checkpoint.tensors[0].shape.back() /= 2;
    EXPECT_EQ(v4.compared().wrong_shape.size(), 1u);
  }
}

TEST(PublishedFiles, deepseek_tells_a_missing_rank_from_none) {
  for (const std::string_view family : {"deepseek_v2", "deepseek_v3"}) {
    const PublishedFile missing(family, "", small_v3(R"("attention_bias": false)"));
    const PublishedFile none(family, "", small_v3(R"("q_lora_rank": null)"));
    EXPECT_EQ(missing.find("model.layers.0.self_attn.q_a_proj.weight")->shape, (Shape{1536, 8}));
    EXPECT_FALSE(missing.find("model.layers.0.self_attn.q_proj.weight"));
    EXPECT_FALSE(none.find("model.layers.0.self_attn.q_a_proj.weight"));
    EXPECT_TRUE(none.find("model.layers.0.self_attn.q_proj.weight"));
  }
}

}  // namespace
}  // namespace inarch
