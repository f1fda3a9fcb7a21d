#include "compiler/mergekit/reader.h"

#include <gtest/gtest.h>

#include "compiler/mergekit/document_order.h"

namespace inarch {
namespace {

struct ReadConfig {
  SourceMap sources;
  FileId file = 0;
  Diagnostics diagnostics;
  std::optional<std::vector<MergekitConfig>> configs;

  explicit ReadConfig(std::string text) {
    file = sources.add("merge.yml", std::move(text));
    configs = read_mergekit(sources, file, diagnostics);
    for (const Diagnostic& d : diagnostics.list()) codes += d.code + " ";
  }
  const MergekitConfig& only() const { return configs->front(); }
  std::string codes;
};

constexpr const char* two_models =
    "merge_method: linear\n"
    "models:\n"
    "  - { model: a, parameters: { weight: 1 } }\n"
    "  - { model: b@main+c@dev, parameters: { weight: [0, 0.5] } }\n";

TEST(MergekitReader, ReadsModels) {
  const ReadConfig read(two_models);
  ASSERT_TRUE(read.configs) << read.codes;
  const MergekitModule& module = read.only().modules.front();
  ASSERT_EQ(module.models.size(), 2u);
  EXPECT_EQ(module.models[0].model.text(), "a");
  EXPECT_EQ(module.models[1].model.model.revision, "main");
  EXPECT_EQ(module.models[1].model.adapter->text(), "c@dev");
  EXPECT_EQ(read.sources.text(module.models[1].model.span), "b@main+c@dev");
  EXPECT_EQ(module.models[1].parameters[0].cases[0].values, (std::vector<double>{0, 0.5}));
}

TEST(MergekitReader, ReadsWhatYaml11Allows) {
  const ReadConfig read(
      "merge_method: linear\n"
      "models:\n"
      "  - &x { model: a, parameters: { weight: '0.25', normalize: no } }\n"
      "  - { <<: *x, model: b }\n"
      "  - { model: c, parameters: }\n"
      "parameters: { weight: 5e-1, lambda: yes }\n");
  ASSERT_TRUE(read.configs) << read.codes;
  const auto& models = read.only().modules.front().models;
  EXPECT_EQ(models[0].parameters[0].cases[0].values[0], 0.25);
  EXPECT_EQ(models[1].model.text(), "b");
  EXPECT_EQ(models[1].parameters[0].cases[0].values[0], 0.25);
  EXPECT_EQ(models[1].parameters[1].cases[0].values[0], 0);
  EXPECT_TRUE(models[2].parameters.empty());
  EXPECT_EQ(read.only().parameters[0].cases[0].values[0], 0.5);
  EXPECT_EQ(read.only().parameters[1].cases[0].values[0], 1);
}

TEST(MergekitReader, ReadsSlices) {
  const ReadConfig read(
      "merge_method: slerp\nbase_model: { model: { path: a } }\nparameters: { t: 0 }\n"
      "slices:\n- sources:\n  - { model: a, layer_range: [0, 3.0] }\n"
      "  - { model: { path: b, revision: x }, layer_range: ['1', 4] }\n");
  ASSERT_TRUE(read.configs) << read.codes;
  const MergekitSlice& slice = read.only().modules.front().slices.front();
  EXPECT_EQ(*slice.sources[0].layers, (std::pair<std::int64_t, std::int64_t>(0, 3)));
  EXPECT_EQ(*slice.sources[1].layers, (std::pair<std::int64_t, std::int64_t>(1, 4)));
  EXPECT_TRUE(*read.only().base_model == slice.sources[0].model);
  EXPECT_EQ(slice.sources[1].model.text(), "b@x");
}

TEST(MergekitReader, ReadsTokenizers) {
  const ReadConfig read(
      std::string(two_models) +
      "tokenizer:\n  source: a\n  pad_to_multiple_of: 64\n  tokens:\n"
      "    <s>: { source: { kind: model_token, model: b, token_id: 1 }, force: on }\n"
      "    </s>: { source: { kind: zero } }\n    <x>: { source: a }\n    <y>:\n");
  ASSERT_TRUE(read.configs) << read.codes;
  const MergekitTokenizer& tokenizer = *read.only().tokenizer;
  EXPECT_EQ(tokenizer.model->text(), "a");
  EXPECT_EQ(*tokenizer.pad_to_multiple_of, 64);
  ASSERT_EQ(tokenizer.tokens.size(), 4u);
  EXPECT_EQ(*tokenizer.tokens[0].other_id, 1);
  EXPECT_TRUE(tokenizer.tokens[0].force);
  EXPECT_EQ(tokenizer.tokens[1].kind, MergekitToken::Kind::zero);
  EXPECT_EQ(tokenizer.tokens[2].kind, MergekitToken::Kind::model);
  EXPECT_EQ(tokenizer.tokens[3].kind, MergekitToken::Kind::unsaid);
}

TEST(MergekitReader, TellsConfigurationsFromRecipes) {
  const auto is = [](std::string text) {
    SourceMap sources;
    const FileId file = sources.add("x.yml", std::move(text));
    return is_mergekit(sources, file);
  };
  EXPECT_TRUE(is(two_models));
  EXPECT_TRUE(is("{merge_method: linear}"));
  EXPECT_TRUE(is("slices: []"));
  EXPECT_TRUE(is("merge_method: linear\nmodels: ["));
  EXPECT_FALSE(is("inarch: 1\nmodels: []\n"));
  EXPECT_FALSE(is("{inarch: 1, models: []}"));
  EXPECT_FALSE(is("tensors: []"));
  EXPECT_FALSE(is("[models]"));
  EXPECT_FALSE(is(""));
}

TEST(MergekitReader, OrdersDocumentsByWhatTheyMerge) {
  const std::string models = "merge_method: passthrough\nmodels: [ { model: ";
  const ReadConfig read(models + "second } ]\n---\nname: second\n" + models +
                        "first } ]\n---\n# nothing\n---\nname: first\n" + models + "a } ]\n");
  ASSERT_TRUE(read.configs) << read.codes;
  Diagnostics diagnostics;
  const auto order = order_documents(*read.configs, diagnostics);
  ASSERT_TRUE(order);
  ASSERT_EQ(order->size(), 3u);
  EXPECT_EQ((*order)[0]->name, "first");
  EXPECT_EQ((*order)[1]->name, "second");
  EXPECT_EQ((*order)[2]->name, "");
}

TEST(MergekitReader, SurvivesWhatIsNoConfiguration) {
  for (const char* text :
       {"merge_method: [x]\nmodels: 1", "models: [1, [], ~, {model: {}}]\nmerge_method: linear",
        "merge_method: linear\nmodules: { a: 1, b: { models: ~ }, c: { slices: [ { sources: 1 } ] "
        "} }",
        "merge_method: linear\nmodels: [ { model: a, parameters: [] } ]",
        "merge_method: linear\nmodels: [ { model: '' }, { model: '@' }, { model: '+' } ]",
        "merge_method: linear\nslices: [ { sources: [ { model: a, layer_range: [x, 1e99] } ] } ]",
        "merge_method: linear\nmodels: [ { model: a, parameters: { weight: { value: [[1]] } } } ]",
        "merge_method: linear\n<<: 1\nmodels: [ { <<: [1], model: a } ]",
        "merge_method: linear\ntokenizer: 1\ntokenizer_source: [a]\nmodels: [ { model: a } ]"}) {
    const ReadConfig read(text);
    EXPECT_FALSE(read.configs) << text;
    EXPECT_TRUE(read.diagnostics.has_errors()) << text;
    for (const Diagnostic& d : read.diagnostics.list())
      EXPECT_TRUE(d.primary.span.known()) << d.message;
  }
}

}  // namespace
}  // namespace inarch
