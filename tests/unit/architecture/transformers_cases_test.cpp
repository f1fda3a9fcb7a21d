// Names, shapes and buffers of small models that transformers wrote
// (tests/interop/test_architectures.py makes the files), for every spelling of their configs.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "compiler/architecture/recognise.h"
#include "tests/unit/architecture/architecture_test_support.h"

namespace inarch {
namespace {

std::vector<std::filesystem::path> case_files() {
  const std::filesystem::path folder =
      std::filesystem::path(INARCH_SOURCE_DIR) / "tests/unit/architecture/data";
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

Value read_case(const std::filesystem::path& path) {
  std::ifstream stream(path);
  std::stringstream text;
  text << stream.rdbuf();
  return json(text.str());
}

std::string text_at(const Value& value, std::string_view key) { return to_text(*value.find(key)); }

std::vector<ArchTensor> expand_case(const Value& test, const Value& config) {
  const Architecture architecture = built_in(text_at(test, "architecture"));
  Diagnostics diagnostics;
  const auto tensors = architecture.expand(config, diagnostics);
  EXPECT_TRUE(tensors) << diagnostics.list()[0].message;
  if (!tensors) return {};
  const auto spelled = architecture.respell(*tensors, text_at(test, "spelling"), diagnostics);
  EXPECT_TRUE(spelled);
  return spelled ? *spelled : std::vector<ArchTensor>();
}

std::map<std::string, std::string> required_shapes(const std::vector<ArchTensor>& tensors) {
  std::map<std::string, std::string> shapes;
  for (const ArchTensor& tensor : tensors) {
    if (tensor.required()) shapes[tensor.name] = format_shape(tensor.shape);
  }
  return shapes;
}

std::map<std::string, std::string> written_shapes(const Value& test) {
  std::map<std::string, std::string> shapes;
  for (const auto& [name, shape] : *test.find("tensors")->if_map()) shapes[name] = to_text(shape);
  return shapes;
}

class TransformersCases : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(TransformersCases, have_the_same_names_and_shapes_from_every_spelling_of_the_config) {
  const Value test = read_case(GetParam());
  for (const auto& [spelling, config] : *test.find("configs")->if_map()) {
    EXPECT_EQ(required_shapes(expand_case(test, config)), written_shapes(test)) << spelling;
  }
}

TEST_P(TransformersCases, have_the_same_buffers) {
  const Value test = read_case(GetParam());
  std::set<std::string> expected;
  for (const Value& name : *test.find("buffers")->if_list()) expected.insert(to_text(name));
  std::set<std::string> found;
  for (const ArchTensor& tensor : expand_case(test, test.find("configs")->if_map()->at(0).second)) {
    if (tensor.buffer && tensor.required()) found.insert(tensor.name);
  }
  EXPECT_EQ(found, expected);
}

TEST_P(TransformersCases, are_recognised_and_agree) {
  const Value test = read_case(GetParam());
  if (!text_at(test, "component").empty()) return;  // the config is that of the whole model
  for (const auto& [spelling, config] : *test.find("configs")->if_map()) {
    const std::vector<ArchTensor> tensors = expand_case(test, config);
    const Checkpoint checkpoint = as_checkpoint(tensors, config);
    SourceMap sources;
    const auto found = recognise(checkpoint, sources);
    ASSERT_TRUE(found) << spelling;
    EXPECT_EQ(found->architecture.name(), text_at(test, "architecture"));
    EXPECT_EQ(found->spelling, text_at(test, "spelling"));
    EXPECT_TRUE(found->from_config);
    EXPECT_TRUE(
        compare(found->architecture, found->spelling, tensors, checkpoint.tensors).agrees());
  }
}

TEST_P(TransformersCases, are_recognised_by_their_names_alone) {
  const Value test = read_case(GetParam());
  if (!text_at(test, "spelling").empty()) return;  // the usual names only
  const Value& config = test.find("configs")->if_map()->at(0).second;
  SourceMap sources;
  const auto found = recognise(as_checkpoint(expand_case(test, config)), sources);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->architecture.name(), text_at(test, "by_names"));
  EXPECT_FALSE(found->from_config);
}

INSTANTIATE_TEST_SUITE_P(All, TransformersCases, testing::ValuesIn(case_files()),
                         [](const auto& test) { return test.param.stem().string(); });

}  // namespace
}  // namespace inarch
