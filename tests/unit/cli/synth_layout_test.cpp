#include "runtime/cli/synth_layout.h"

#include <gtest/gtest.h>

#include "compiler/core/json.h"
#include "runtime/io/safetensors_header.h"

namespace inarch {
namespace {

ArchTensor arch(std::string name, Shape shape) {
  ArchTensor tensor;
  tensor.name = std::move(name);
  tensor.shape = std::move(shape);
  return tensor;
}

std::vector<ArchTensor> small_model() {
  std::vector<ArchTensor> tensors = {
      arch("embed", {10, 4}), arch("b", {4}),        arch("a", {4}),
      arch("head", {10, 4}),  arch("old", {2}),      arch("maybe", {2}),
      arch("clip", {}),       arch("scale", {2, 2}), arch("later", {2})};
  tensors[3].tied_to = "embed";
  tensors[4].legacy = true;
  tensors[5].optional = true;
  tensors[6].buffer = true;
  tensors[7].dtype = DType::f32;
  tensors[8].buffer = true;
  tensors[8].optional = true;
  return tensors;
}

SynthLayout laid_out(const std::vector<ArchTensor>& tensors, std::int64_t shard_size) {
  Diagnostics diagnostics;
  auto layout = lay_out_model(tensors, DType::bf16, shard_size, diagnostics);
  EXPECT_TRUE(layout.has_value());
  return layout ? std::move(*layout) : SynthLayout();
}

std::string code_of(const std::vector<ArchTensor>& tensors) {
  Diagnostics diagnostics;
  EXPECT_FALSE(lay_out_model(tensors, DType::bf16, 1000, diagnostics));
  return diagnostics.list().size() == 1 ? diagnostics.list()[0].code : "?";
}

TEST(SynthLayout, HoldsWhatAModelSaves) {
  const SynthLayout layout = laid_out(small_model(), 1000);
  std::vector<std::string> names;
  for (const SynthTensor& tensor : layout.tensors) names.push_back(tensor.name);
  EXPECT_EQ(names, (std::vector<std::string>{"scale", "a", "b", "clip", "embed"}));
  EXPECT_EQ(layout.tensors[0].dtype, DType::f32);
  EXPECT_EQ(layout.tensors[1].dtype, DType::bf16);
  EXPECT_EQ(layout.parameters, 40 + 4 + 4 + 4);
  EXPECT_EQ(layout.buffer_elements, 1);
  EXPECT_EQ(layout.bytes, 16 + 8 + 8 + 2 + 80);
  EXPECT_EQ(layout.index, "");
}

TEST(SynthLayout, TheHeaderSaysWhereTheTensorsAre) {
  const SynthLayout layout = laid_out(small_model(), 1000);
  ASSERT_EQ(layout.shards.size(), 1u);
  const auto& shard = layout.shards[0];
  EXPECT_EQ(shard.name, "model.safetensors");
  Diagnostics diagnostics;
  const auto read = parse_safetensors_header(std::string_view(shard.header).substr(8), shard.size,
                                             "x", diagnostics);
  ASSERT_TRUE(read);
  ASSERT_EQ(read->size(), layout.tensors.size());
  for (std::size_t k = 0; k < read->size(); ++k) {
    EXPECT_EQ((*read)[k].name, layout.tensors[k].name);
    EXPECT_EQ((*read)[k].offset, layout.tensors[k].offset);
    EXPECT_EQ((*read)[k].bytes, layout.tensors[k].bytes);
  }
}

TEST(SynthLayout, FillsShardsInTheOrderOfTheModel) {
  const SynthLayout layout = laid_out(small_model(), 20);
  ASSERT_EQ(layout.shards.size(), 3u);
  EXPECT_EQ(layout.shards[0].name, "model-00001-of-00003.safetensors");
  const auto names = [&](std::size_t shard) {
    std::string text;
    for (std::size_t k = layout.shards[shard].begin; k < layout.shards[shard].end; ++k)
      text += layout.tensors[k].name + " ";
    return text;
  };
  EXPECT_EQ(names(0), "embed ");  // larger than a shard by itself
  EXPECT_EQ(names(1), "a b clip ");
  EXPECT_EQ(names(2), "scale ");
  const auto index = parse_json(layout.index, "index");
  ASSERT_TRUE(index.ok());
  EXPECT_EQ(*index->find_path("metadata.total_size"), Value(std::int64_t{114}));
  EXPECT_EQ(*index->find("weight_map")->find("clip"), Value("model-00002-of-00003.safetensors"));
}

TEST(SynthLayout, RefusesWhatNoFileCanHold) {
  EXPECT_EQ(code_of({arch("x", {std::int64_t{1} << 40, std::int64_t{1} << 40})}), "E731");
  EXPECT_EQ(code_of(std::vector<ArchTensor>(30, arch("x", {std::int64_t{1} << 56}))), "E731");
  std::vector<ArchTensor> odd = {arch("x", {3})};
  odd[0].dtype = DType::f4;
  EXPECT_EQ(code_of(odd), "E731");
}

TEST(SynthLayout, AModelWithoutTensorsIsOneFile) {
  const SynthLayout layout = laid_out({}, 1000);
  ASSERT_EQ(layout.shards.size(), 1u);
  EXPECT_EQ(layout.bytes, 0);
}

std::string with_dtype(const std::string& text, DType dtype, bool& replaced) {
  auto config = parse_json(text, "config.json");
  EXPECT_TRUE(config.ok());
  replaced = set_config_dtype(*config, dtype);
  return write_json(*config, JsonStyle::compact);
}

TEST(SetConfigDtype, ReplacesEveryStatement) {
  bool replaced = false;
  EXPECT_EQ(with_dtype(R"({"torch_dtype": "float32", "text_config": {"dtype": "float16"}})",
                       DType::bf16, replaced),
            R"({"torch_dtype": "bfloat16", "text_config": {"dtype": "bfloat16"}})");
  EXPECT_TRUE(replaced);
}

TEST(SetConfigDtype, LeavesOtherThingsAlone) {
  bool replaced = true;
  for (const char* text :
       {R"({"dtype": "bfloat16"})", R"({"dtype": null, "x": {"dtype": "float32"}})",
        R"({"hidden_size": 3})", R"({"dtype": "auto"})", "[]"}) {
    EXPECT_EQ(with_dtype(text, DType::bf16, replaced), text);
    EXPECT_FALSE(replaced) << text;
  }
}

}  // namespace
}  // namespace inarch
