#include "runtime/cli/inspect_report.h"

#include <numeric>

#include "compiler/core/json.h"
#include "runtime/cli/inspect_config.h"
#include "tests/unit/cli/small_checkpoint.h"
#include "tests/unit/cli/special_numbers.h"

namespace inarch {
namespace {

const char* const tiny_config =
    R"({"model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 4,
        "intermediate_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2,
        "num_key_value_heads": 1, "vocab_size": 3, "tie_word_embeddings": true})";

SmallTensor filled(std::string name, DType dtype, Shape shape, double value) {
  SmallTensor tensor{std::move(name), dtype, std::move(shape), {}};
  tensor.values.assign(static_cast<std::size_t>(numel(tensor.shape)), value);
  return tensor;
}

/// All of a Llama with the config above.
std::vector<SmallTensor> tiny_llama() {
  std::vector<SmallTensor> tensors = {filled("model.embed_tokens.weight", DType::bf16, {3, 4}, 1),
                                      filled("model.norm.weight", DType::bf16, {4}, 1)};
  for (const char* layer : {"0", "1"}) {
    const std::string prefix = "model.layers." + std::string(layer) + ".";
    for (const auto& [name, shape] : {std::pair<const char*, Shape>{"input_layernorm", {4}},
                                      {"post_attention_layernorm", {4}},
                                      {"self_attn.q_proj", {4, 4}},
                                      {"self_attn.k_proj", {2, 4}},
                                      {"self_attn.v_proj", {2, 4}},
                                      {"self_attn.o_proj", {4, 4}},
                                      {"mlp.gate_proj", {8, 4}},
                                      {"mlp.up_proj", {8, 4}},
                                      {"mlp.down_proj", {4, 8}}})
      tensors.push_back(filled(prefix + name + ".weight", DType::bf16, shape, 2));
  }
  return tensors;
}

std::vector<std::size_t> everything(const Checkpoint& checkpoint) {
  std::vector<std::size_t> positions(checkpoint.tensors.size());
  std::iota(positions.begin(), positions.end(), std::size_t{0});
  return positions;
}

InspectReport report_of(const Checkpoint& checkpoint, bool single = false) {
  InspectReport report = describe_checkpoint(checkpoint, everything(checkpoint), single);
  SourceMap sources;
  report.architecture = recognise_architecture(checkpoint, sources);
  report.location = "m";
  return report;
}

TEST(InspectReport, CountsAndGroups) {
  const SmallCheckpoint model(tiny_llama(), tiny_config);
  const InspectReport report = report_of(*model);
  EXPECT_EQ(report.tensors, 20);
  EXPECT_EQ(report.elements, 12 + 4 + 2 * (8 + 16 + 8 + 8 + 16 + 96));
  EXPECT_EQ(report.tensor_bytes, report.elements * 2);
  ASSERT_EQ(report.lines.size(), 11u);
  EXPECT_EQ(report.lines[1].group.text(), "model.layers.{0,1}.input_layernorm.weight");
  EXPECT_EQ(report.lines[1].elements, 8);
  EXPECT_EQ(report.lines[1].bytes, 16);
  EXPECT_EQ(report_of(*model, true).lines.size(), 20u);
}

TEST(InspectReport, ReadsWellAtAHundredColumns) {
  const SmallCheckpoint model(tiny_llama(), tiny_config);
  const InspectReport report = report_of(*model);
  EXPECT_EQ(inspect_summary(report, 100), R"(m
  files         model.safetensors, 2.56 kB
  tensors       20, all bf16
  parameters    320
  architecture  llama, by its config; complete: 20 tensors as they should be
  config        llama, 2 layers, hidden 4, intermediate 8, heads 2, kv heads 1, vocabulary 3, tied
                embeddings
)");
  const std::string table = inspect_table(report, 100);
  EXPECT_EQ(table.substr(0, table.find("model.layers.{0,1}.mlp.down")),
            R"(name                                                type   shape  tensors   size
model.embed_tokens.weight                           bf16  [3, 4]        1   24 B
model.layers.{0,1}.input_layernorm.weight           bf16     [4]        2   16 B
)");
}

TEST(InspectReport, TellsWhatDiffersFromTheArchitecture) {
  auto tensors = tiny_llama();
  tensors.erase(tensors.begin() + 1);
  tensors.push_back(filled("extra.0.w", DType::f32, {1}, 1));
  tensors.push_back(filled("extra.1.w", DType::f32, {1}, 1));
  tensors.push_back(filled("lm_head.weight", DType::bf16, {3, 4}, 1));
  tensors[0] = filled("model.embed_tokens.weight", DType::bf16, {5, 4}, 1);
  const SmallCheckpoint model(tensors, tiny_config);
  const InspectReport report = report_of(*model);
  ASSERT_TRUE(report.architecture);
  EXPECT_EQ(report.architecture->count(Mismatch::missing), 1);
  EXPECT_EQ(report.architecture->count(Mismatch::unexpected), 2);
  EXPECT_EQ(report.architecture->count(Mismatch::shape), 1);
  EXPECT_EQ(report.architecture->count(Mismatch::tied), 1);
  EXPECT_EQ(inspect_differences(report, 100),
            R"(differs from llama         found        expected       tensors
model.norm.weight          nothing      [4]                  1
extra.{0,1}.w              f32 [1]      nothing              2
model.embed_tokens.weight  bf16 [5, 4]  [3, 4]               1
lm_head.weight             bf16 [3, 4]  nothing: tied        1
)");
  EXPECT_NE(
      inspect_summary(report, 100)
          .find("llama, by its config; 1 missing, 2 unexpected, 1 of another shape, 1 that should"),
      std::string::npos);
}

TEST(InspectReport, ListsFewDifferencesUnlessAsked) {
  auto tensors = tiny_llama();
  for (const char* name : {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n"})
    tensors.push_back(filled(name, DType::f32, {1}, 1));
  const SmallCheckpoint model(tensors, tiny_config);
  const std::string text = inspect_differences(report_of(*model), 100);
  EXPECT_NE(text.find("and 2 more; --all lists them\n"), std::string::npos) << text;
  const std::string all = inspect_differences(report_of(*model, true), 100);
  EXPECT_EQ(all.find("more; --all"), std::string::npos);
}

TEST(InspectReport, RecognisesByNamesAndSaysWhyItDoesNotCompare) {
  const SmallCheckpoint model(tiny_llama());
  const InspectReport report = report_of(*model);
  ASSERT_TRUE(report.architecture);
  EXPECT_EQ(report.architecture->name, "llama");
  EXPECT_FALSE(report.architecture->from_config);
  EXPECT_EQ(report.architecture->not_compared, "there is no config.json");
}

TEST(InspectReport, UnknownModelsAreListedToo) {
  const SmallCheckpoint model({{"a.b", DType::f32, {1}, {1}}});
  EXPECT_NE(inspect_summary(report_of(*model), 100).find("architecture  not recognised\n"),
            std::string::npos);
}

TEST(InspectReport, SharesTypesByBytes) {
  const SmallCheckpoint model(
      {filled("a", DType::f32, {50}, 1), filled("b", DType::bf16, {300}, 1)});
  EXPECT_NE(
      inspect_summary(report_of(*model), 100).find("bf16 75.0 % (1 tensor), f32 25.0 % (1 tensor)"),
      std::string::npos);
}

TEST(HoldAgainst, TakesAnArchitectureByNameOrFile) {
  const SmallCheckpoint model(tiny_llama(), tiny_config);
  SourceMap sources;
  Diagnostics diagnostics;
  const auto llama = hold_against(*model, "llama", sources, diagnostics);
  ASSERT_TRUE(llama);
  EXPECT_TRUE(llama->asked);
  EXPECT_TRUE(llama->mismatches.empty());
  const auto file = hold_against(
      *model, std::string(INARCH_SOURCE_DIR) + "/schemas/architectures/gemma3_text.yaml", sources,
      diagnostics);
  ASSERT_TRUE(file);
  EXPECT_GT(file->count(Mismatch::missing), 0);
  EXPECT_FALSE(hold_against(*model, "nothing", sources, diagnostics));
  EXPECT_EQ(diagnostics.list().at(0).code, "E510");
}

TEST(InspectStats, JoinsTheTensorsOfALine) {
  const SmallCheckpoint model({{"l.0", DType::f32, {2}, {1, 3}}, {"l.1", DType::f32, {2}, {5, 7}}});
  InspectReport report = report_of(*model);
  NoProgress progress;
  ASSERT_TRUE(add_stats(*model, everything(*model), 2, progress, report).ok());
  ASSERT_EQ(report.lines.size(), 1u);
  EXPECT_EQ(report.lines[0].stats->finite, 4);
  EXPECT_EQ(report.lines[0].stats->mean, 4);
  EXPECT_EQ(report.lines[0].stats->least, 1);
  EXPECT_EQ(report.lines[0].stats->greatest, 7);
  EXPECT_EQ(inspect_table(report, 100),
            "name     type  mean   std  min  max\n"
            "l.{0,1}  f32      4  2.24    1    7\n");
}

TEST(InspectStats, ShowsWhatIsNotFinite) {
  const SmallCheckpoint model({{"x", DType::f32, {4}, {0, nan, infinity, 2}}});
  InspectReport report = report_of(*model);
  NoProgress progress;
  ASSERT_TRUE(add_stats(*model, everything(*model), 1, progress, report).ok());
  EXPECT_EQ(inspect_table(report, 100),
            "name  type  mean  std  min  max   zeros    not finite\n"
            "x     f32      1    1    0    2  25.0 %  1 NaN, 1 inf\n");
}

TEST(InspectJson, HasWhatItPromises) {
  const SmallCheckpoint model(tiny_llama(), tiny_config);
  InspectReport report = report_of(*model);
  NoProgress progress;
  ASSERT_TRUE(add_stats(*model, everything(*model), 1, progress, report).ok());
  const auto json = parse_json(inspect_json(report), "out");
  ASSERT_TRUE(json.ok());
  EXPECT_EQ(*json->find("schema"), Value("inarch/inspect/1"));
  EXPECT_EQ(*json->find_path("files.0.name"), Value("model.safetensors"));
  EXPECT_EQ(*json->find("parameters"), Value(320));
  EXPECT_EQ(*json->find("buffer_elements"), Value(0));
  EXPECT_EQ(*json->find_path("dtypes.0.dtype"), Value("bf16"));
  EXPECT_EQ(*json->find_path("architecture.name"), Value("llama"));
  EXPECT_EQ(*json->find_path("architecture.named_by"), Value("config"));
  EXPECT_EQ(*json->find_path("architecture.agrees"), Value(true));
  EXPECT_EQ(*json->find_path("config.num_hidden_layers"), Value(2));
  EXPECT_EQ(*json->find_path("groups.0.name"), Value("model.embed_tokens.weight"));
  EXPECT_EQ(*json->find_path("groups.0.file"), Value("model.safetensors"));
  EXPECT_EQ(*json->find_path("groups.0.stats.mean"), Value(1.0));
  EXPECT_EQ(*json->find_path("groups.1.tensors"), Value(2));
  EXPECT_EQ(json->find_path("groups.1.file"), nullptr);
}

TEST(InspectJson, BareModelsHaveNulls) {
  const SmallCheckpoint model({{"a.b", DType::f32, {1}, {1}}});
  InspectReport report = describe_checkpoint(*model, {0}, false);
  report.location = "models/bad\xff";  // a path may hold any bytes
  const auto json = parse_json(inspect_json(report), "out");
  ASSERT_TRUE(json.ok());
  EXPECT_EQ(*json->find("location"), Value("models/bad\\xff"));
  EXPECT_TRUE(json->find("architecture")->is_null());
  EXPECT_TRUE(json->find("parameters")->is_null());
}

TEST(ConfigHighlights, ReadsNestedConfigs) {
  const auto config = parse_json(
      R"({"model_type": "gemma4", "text_config": {"num_hidden_layers": 35, "hidden_size": 1536},
          "vision_config": {"num_hidden_layers": 16, "hidden_size": 768}, "audio_config": null,
          "quantization_config": {"quant_method": "fp8"}})",
      "config.json");
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config_sentence(config_highlights(*config)),
            "gemma4, 35 layers, hidden 1536, quantised by fp8; vision: 16 layers, hidden 768");
}

TEST(ConfigHighlights, OddConfigsAreFine) {
  for (const char* text : {"null", "[]", "3", R"({"model_type": 3, "hidden_size": "many"})",
                           R"({"text_config": [], "vision_config": 4, "architectures": "x"})"}) {
    const auto config = parse_json(text, "config.json");
    ASSERT_TRUE(config.ok());
    EXPECT_EQ(config_sentence(config_highlights(*config)), "") << text;
  }
}

}  // namespace
}  // namespace inarch
