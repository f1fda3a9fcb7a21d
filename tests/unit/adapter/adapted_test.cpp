#include "compiler/adapter/adapted.h"

#include <cmath>

#include <gtest/gtest.h>

#include "compiler/core/json.h"

namespace inarch {
namespace {

std::shared_ptr<Checkpoint> checkpoint(const std::vector<std::pair<std::string, Shape>>& tensors,
                                       const char* config = "{}") {
  auto made = std::make_shared<Checkpoint>();
  made->location = "somewhere";
  made->config = *parse_json(config, "config.json");
  for (const auto& [name, shape] : tensors) {
    TensorInfo tensor;
    tensor.name = name;
    tensor.shape = shape;
    made->tensors.push_back(std::move(tensor));
  }
  made->build_index();
  return made;
}

AdapterConfig config(const std::string& more = "") {
  const std::string text = R"({"peft_type": "LORA", "r": 2, "lora_alpha": 6)" + more + "}";
  auto read = read_adapter_config(*parse_json(text, "adapter_config.json"));
  EXPECT_TRUE(read.ok()) << text;
  return read.ok() ? std::move(*read) : AdapterConfig();
}

std::string config_fault(const std::string& text) {
  const auto read = read_adapter_config(*parse_json(text, "adapter_config.json"));
  return read.ok() ? "" : read.error().code;
}

OpenAdapter lora(const std::vector<std::pair<std::string, Shape>>& tensors,
                 const std::string& more = "", double share = 1) {
  return {checkpoint(tensors), config(more), share, "adapter"};
}

/// Codes of the faults, "E333 E334"; "" when there were none.
std::string faults(const std::shared_ptr<Checkpoint>& base,
                   const std::vector<OpenAdapter>& adapters) {
  Diagnostics found;
  const auto adapted = lay_over(base, adapters, found);
  std::string codes;
  for (const Diagnostic& d : found.list()) codes += (codes.empty() ? "" : " ") + d.code;
  EXPECT_EQ(adapted.has_value(), codes.empty());
  return codes;
}

std::vector<AdapterTerm> terms(const std::shared_ptr<Checkpoint>& base,
                               const std::vector<OpenAdapter>& adapters, const char* name) {
  Diagnostics found;
  const auto adapted = lay_over(base, adapters, found);
  if (!adapted) return {};
  const TensorInfo* tensor = adapted->checkpoint->find(name);
  if (tensor == nullptr) return {};
  const auto index = static_cast<std::uint32_t>(tensor - adapted->checkpoint->tensors.data());
  const auto changed = adapted->changed.find(index);
  return changed == adapted->changed.end() ? std::vector<AdapterTerm>() : changed->second;
}

const auto llama = checkpoint({{"model.q.weight", {4, 3}},
                               {"model.q.bias", {4}},
                               {"model.o.weight", {3, 3}},
                               {"model.embed.weight", {9, 3}}});

TEST(AdapterConfig, ScalesByRankOrItsRoot) {
  EXPECT_DOUBLE_EQ(config().scale_of("q"), 3);
  EXPECT_DOUBLE_EQ(config(R"(, "use_rslora": true)").scale_of("q"), 6 / std::sqrt(2.0));
  const auto patterns = config(R"(, "rank_pattern": {"q": 3}, "alpha_pattern": {"x.q": 9})");
  EXPECT_DOUBLE_EQ(patterns.scale_of("x.q"), 3);
  EXPECT_DOUBLE_EQ(patterns.scale_of("y.q"), 2);
  EXPECT_DOUBLE_EQ(patterns.scale_of("y.v"), 3);
}

TEST(AdapterConfig, RefusesWhatIsNoPlainUpdate) {
  EXPECT_EQ(config_fault("[]"), "E331");
  EXPECT_EQ(config_fault("{}"), "E331");
  EXPECT_EQ(config_fault(R"({"peft_type": "LORA", "r": 2.5, "lora_alpha": 1})"), "E331");
  EXPECT_EQ(config_fault(R"({"peft_type": "LORA", "r": 2})"), "E331");
  EXPECT_EQ(config_fault(R"({"peft_type": "IA3"})"), "E332");
  EXPECT_EQ(config_fault(R"({"peft_type": "LORA", "r": 1, "lora_alpha": 1,
                             "init_lora_weights": "pissa_niter_4"})"),
            "E332");
  EXPECT_EQ(config_fault(R"({"peft_type": "LORA", "r": 1, "lora_alpha": 1,
                             "layer_replication": [[0, 2]]})"),
            "E332");
}

TEST(LayOver, FindsModulesUnderTheirNames) {
  for (const char* name : {"base_model.model.model.q.lora_", "model.q.lora_",
                           "base_model.model.q.lora_", "base_model.model.x.model.q.lora_"}) {
    const std::string start(name);
    const auto found =
        terms(llama, {lora({{start + "A.weight", {2, 3}}, {start + "B.default.weight", {4, 2}}})},
              "model.q.weight");
    ASSERT_EQ(found.size(), 1U) << name;
    EXPECT_EQ(found[0].a, 0U);
    EXPECT_EQ(found[0].b, 1U);
    EXPECT_FALSE(found[0].transposed);
  }
}

TEST(LayOver, TellsWhichWayRoundAWeightLies) {
  const std::vector<std::pair<std::string, Shape>> square = {{"model.o.lora_A.weight", {2, 3}},
                                                             {"model.o.lora_B.weight", {3, 2}}};
  EXPECT_FALSE(terms(llama, {lora(square)}, "model.o.weight")[0].transposed);
  EXPECT_TRUE(
      terms(llama, {lora(square, R"(, "fan_in_fan_out": true)")}, "model.o.weight")[0].transposed);
  const auto gpt2 =
      checkpoint({{"o.weight", {3, 3}}, {"q.weight", {3, 4}}}, R"({"model_type": "gpt2"})");
  EXPECT_TRUE(
      terms(gpt2, {lora({{"o.lora_A.weight", {2, 3}}, {"o.lora_B.weight", {3, 2}}})}, "o.weight")[0]
          .transposed);
  EXPECT_TRUE(
      terms(gpt2, {lora({{"q.lora_A.weight", {2, 3}}, {"q.lora_B.weight", {4, 2}}})}, "q.weight")[0]
          .transposed);
}

TEST(LayOver, EmbeddingsLieTransposed) {
  const auto found = terms(
      llama,
      {lora({{"model.embed.lora_embedding_A", {2, 9}}, {"model.embed.lora_embedding_B", {3, 2}}})},
      "model.embed.weight");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found[0].transposed);
}

TEST(LayOver, WhatIsSavedStandsForTheWhole) {
  Diagnostics none;
  const auto adapted =
      lay_over(llama, {lora({{"base_model.model.model.embed.weight", {11, 3}}})}, none);
  ASSERT_TRUE(adapted);
  EXPECT_EQ(adapted->checkpoint->find("model.embed.weight")->shape, (Shape{11, 3}));
  EXPECT_EQ(faults(llama, {lora({{"model.embed.weight", {11, 3}}}, "", 0.5)}), "E337");
  EXPECT_EQ(faults(llama, {lora({{"score.weight", {2, 3}}})}), "E333");
  EXPECT_EQ(faults(llama, {lora({{"score.weight", {2, 3}}}, R"(, "modules_to_save": ["score"])")}),
            "");
}

TEST(LayOver, EveryTensorHasItsPlace) {
  const auto a = std::pair<std::string, Shape>("model.q.lora_A.weight", {2, 3});
  const auto b = std::pair<std::string, Shape>("model.q.lora_B.weight", {4, 2});
  EXPECT_EQ(faults(llama, {lora({a, b})}), "");
  EXPECT_EQ(faults(llama, {lora({a})}), "E335");
  EXPECT_EQ(faults(llama, {lora({a, b, {"model.q.lora_A.other.weight", {2, 3}}})}), "E335");
  EXPECT_EQ(faults(llama, {lora({a, b, {"model.q.lora_E.weight", {2, 3}}})}), "E333");
  EXPECT_EQ(faults(llama, {lora({a, b, {"model.q.lora_magnitude_vector", {4}}})}), "E335");
  EXPECT_EQ(faults(llama, {lora({a, b}, R"(, "use_dora": true)")}), "E335");
  EXPECT_EQ(faults(llama,
                   {lora({a, b, {"model.q.lora_magnitude_vector", {3}}}, R"(, "use_dora": true)")}),
            "E334");
  EXPECT_EQ(faults(llama, {lora({a, {"model.q.lora_B.weight", {5, 2}}})}), "E334");
  EXPECT_EQ(faults(llama, {lora({a, b}, R"(, "rank_pattern": {"q": 3})")}), "E334");
  EXPECT_EQ(
      faults(llama, {lora({{"model.p.lora_A.weight", {2, 3}}, {"model.p.lora_B.weight", {4, 2}}})}),
      "E333");
  EXPECT_EQ(faults(llama, {lora({a, b, {"model.q.lora_B.bias", {4}}}, R"(, "lora_bias": true)")}),
            "");
}

TEST(LayOver, OfNothingNothingIsTaken) {
  EXPECT_TRUE(
      terms(llama,
            {lora({{"model.q.lora_A.weight", {2, 3}}, {"model.q.lora_B.weight", {4, 2}}}, "", 0)},
            "model.q.weight")
          .empty());
}

}  // namespace
}  // namespace inarch
