#include "compiler/architecture/recognise.h"

#include "tests/unit/architecture/architecture_test_support.h"

namespace inarch {
namespace {

Value llama_config() {
  return json(R"({"model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 8,
      "intermediate_size": 12, "num_hidden_layers": 2, "num_attention_heads": 2, "vocab_size": 16,
      "tie_word_embeddings": true})");
}

std::vector<ArchTensor> llama_tensors() {
  Diagnostics diagnostics;
  return built_in("llama").expand(llama_config(), diagnostics).value();
}

TensorInfo info(std::string name, Shape shape, DType dtype = DType::bf16) {
  TensorInfo tensor;
  tensor.name = std::move(name);
  tensor.shape = std::move(shape);
  tensor.dtype = dtype;
  return tensor;
}

std::optional<Recognised> recognised(const Checkpoint& checkpoint) {
  SourceMap sources;
  return recognise(checkpoint, sources);
}

TEST(Recognise, the_class_counts_before_the_model_type) {
  Value config = llama_config();
  config.set_path("model_type", "gemma4");
  EXPECT_EQ(recognised(as_checkpoint(llama_tensors(), config))->architecture.name(), "llama");
  config.set_path("architectures", Value::List{"SomethingElse"});
  EXPECT_EQ(recognised(as_checkpoint(llama_tensors(), config))->architecture.name(), "gemma4");
}

TEST(Recognise, an_unknown_config_falls_back_to_names) {
  const Value config = json(R"({"model_type": "finetuned", "architectures": ["Mine"]})");
  const auto found = recognised(as_checkpoint(llama_tensors(), config));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->architecture.name(), "llama");
  EXPECT_FALSE(found->from_config);
}

TEST(Recognise, names_that_others_share_are_left_to_the_config) {
  Value config = llama_config();
  config.set_path("architectures", Value::List{"MistralForCausalLM"});
  config.set_path("num_key_value_heads", Value(std::int64_t{1}));
  EXPECT_EQ(recognised(as_checkpoint(llama_tensors(), config))->architecture.name(), "mistral");
  EXPECT_EQ(recognised(as_checkpoint(llama_tensors()))->architecture.name(), "llama");
}

TEST(Recognise, the_family_that_always_has_more_of_the_names_wins) {
  Value config = llama_config();
  config.set_path("num_key_value_heads", Value(std::int64_t{1}));
  Diagnostics diagnostics;
  const auto biased = built_in("qwen2").expand(config, diagnostics);
  EXPECT_EQ(recognised(as_checkpoint(*biased))->architecture.name(), "qwen2");
}

TEST(Recognise, foreign_names_are_of_no_family) {
  Checkpoint checkpoint;
  for (int i = 0; i < 20; ++i) {
    checkpoint.tensors.push_back(info("h." + std::to_string(i) + ".attn.c_attn.weight", {2, 6}));
  }
  checkpoint.build_index();
  EXPECT_FALSE(recognised(checkpoint));
  EXPECT_FALSE(recognised(Checkpoint()));
}

TEST(Recognise, the_spelling_is_the_one_most_names_have) {
  const Architecture gemma3 = built_in("gemma3");
  const Value config = json(R"({"model_type": "gemma3", "text_config": {"hidden_size": 8,
      "intermediate_size": 12, "num_hidden_layers": 1, "vocab_size": 16},
      "vision_config": {"hidden_size": 4, "num_hidden_layers": 1}})");
  Diagnostics diagnostics;
  const auto tensors = gemma3.expand(config, diagnostics);
  for (const std::string spelling : {"", "flat_tower", "nested", "nested_flat_tower"}) {
    const auto spelled = gemma3.respell(*tensors, spelling, diagnostics);
    EXPECT_EQ(recognised(as_checkpoint(*spelled, config))->spelling, spelling);
  }
}

TEST(Respell, renames_tensors_and_what_they_are_tied_to) {
  const Architecture gemma3 = built_in("gemma3_text");
  Diagnostics diagnostics;
  ArchTensor head;
  head.name = "lm_head.weight";
  head.tied_to = "model.embed_tokens.weight";
  ArchTensor embedding;
  embedding.name = head.tied_to;
  ArchTensor other;
  other.name = "other.weight";
  const auto spelled = gemma3.respell({embedding, head, other}, "multimodal", diagnostics);
  ASSERT_TRUE(spelled);
  EXPECT_EQ((*spelled)[0].name, "language_model.model.embed_tokens.weight");
  EXPECT_EQ((*spelled)[1].name, "language_model.lm_head.weight");
  EXPECT_EQ((*spelled)[1].tied_to, "language_model.model.embed_tokens.weight");
  EXPECT_EQ((*spelled)[2].name, "other.weight");
}

TEST(Respell, an_unknown_spelling_is_an_error) {
  Diagnostics diagnostics;
  EXPECT_FALSE(built_in("gemma3_text").respell({}, "multimodel", diagnostics));
  EXPECT_EQ(diagnostics.list().at(0).code, "E523");
  EXPECT_EQ(diagnostics.list().at(0).help, "did you mean 'multimodal'?");
}

TEST(Compare, sorts_every_difference) {
  const std::vector<ArchTensor> expected = llama_tensors();
  std::vector<TensorInfo> found = as_checkpoint(expected).tensors;
  found[0].shape = {17, 8};                                                    // embeddings
  found.erase(found.begin() + 1);                                              // the last norm
  found.push_back(info("lm_head.weight", {16, 8}));                            // tied
  found.push_back(info("model.layers.0.self_attn.rotary_emb.inv_freq", {2}));  // legacy
  found.push_back(info("model.layers.0.self_attn.q_proj.weight_scale", {8}));  // unknown
  const Comparison result = compare(built_in("llama"), "", expected, found);
  ASSERT_EQ(result.missing.size(), 1u);
  EXPECT_EQ(result.missing[0]->name, "model.norm.weight");
  ASSERT_EQ(result.wrong_shape.size(), 1u);
  EXPECT_EQ(result.wrong_shape[0].found->name, "model.embed_tokens.weight");
  ASSERT_EQ(result.tied.size(), 1u);
  EXPECT_EQ(result.ignored.size(), 1u);
  ASSERT_EQ(result.unexpected.size(), 1u);
  EXPECT_EQ(result.unexpected[0]->name, "model.layers.0.self_attn.q_proj.weight_scale");
  EXPECT_EQ(result.matched, found.size() - 4);
  EXPECT_FALSE(result.agrees());
}

TEST(Compare, accepts_namespaces_of_the_spelling) {
  const Architecture gemma3 = built_in("gemma3_text");
  const std::vector<TensorInfo> found = {info("vision_tower.post_layernorm.bias", {8})};
  EXPECT_EQ(compare(gemma3, "", {}, found).unexpected.size(), 1u);
  EXPECT_TRUE(compare(gemma3, "multimodal", {}, found).agrees());
  EXPECT_EQ(compare(gemma3, "multimodal", {}, found).accepted, 1u);
}

TEST(Compare, a_fixed_dtype_must_be_met) {
  ArchTensor expected;
  expected.name = "bias";
  expected.shape = {4};
  expected.dtype = DType::f32;
  const std::vector<TensorInfo> good = {info("bias", {4}, DType::f32)};
  const std::vector<TensorInfo> bad = {info("bias", {4}, DType::bf16)};
  EXPECT_TRUE(compare(built_in("llama"), "", {expected}, good).agrees());
  EXPECT_EQ(compare(built_in("llama"), "", {expected}, bad).wrong_dtype.size(), 1u);
}

}  // namespace
}  // namespace inarch
