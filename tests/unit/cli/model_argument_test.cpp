#include "runtime/cli/model_argument.h"

#include <cstdlib>

#include "tests/unit/cli/small_checkpoint.h"

namespace inarch {
namespace {

/// Sets an environment variable for one test.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = old;
    ::setenv(name, value.c_str(), 1);
  }
  ~Variable() {
    if (old_) {
      ::setenv(name_, old_->c_str(), 1);
    } else {
      ::unsetenv(name_);
    }
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
  std::optional<std::string> old_;
};

class OpenModel : public testing::Test {
 protected:
  void cache_model() {
    const std::string commit(40, 'a');
    const std::string folder = "hub/models--org--tiny/";
    directory_.write(folder + "refs/main", commit);
    directory_.write(folder + "snapshots/" + commit + "/model.safetensors",
                     small_file({{"x", DType::f32, {1}, {1}}}));
  }
  std::optional<Checkpoint> open(const std::string& model) {
    diagnostics_ = {};
    return open_model(model, diagnostics_);
  }
  std::string code() const {
    return diagnostics_.list().empty() ? "" : diagnostics_.list()[0].code;
  }

  TemporaryDirectory directory_;
  Variable cache_{"HF_HUB_CACHE", directory_.at("hub")};
  Diagnostics diagnostics_;
};

TEST_F(OpenModel, OpensDirectoriesAndFiles) {
  directory_.write("m/model.safetensors", small_file({{"x", DType::f32, {1}, {1}}}));
  EXPECT_TRUE(open(directory_.at("m")));
  EXPECT_TRUE(open(directory_.at("m/model.safetensors")));
}

TEST_F(OpenModel, FindsHubModelsInTheCache) {
  cache_model();
  for (const char* model :
       {"org/tiny", "org/tiny@main", "hf://org/tiny", "https://hub.example/org/tiny/tree/main"})
    EXPECT_TRUE(open(model)) << model;
}

TEST_F(OpenModel, SaysThatAHubModelIsNotThere) {
  EXPECT_FALSE(open("org/other"));
  EXPECT_EQ(code(), "E433");
  EXPECT_EQ(diagnostics_.list()[0].help.find("--source"), std::string::npos);
}

TEST_F(OpenModel, SaysThatAPathIsNotThere) {
  EXPECT_FALSE(open(directory_.at("missing")));
  EXPECT_EQ(code(), "E422");
  EXPECT_FALSE(open("./missing"));
  EXPECT_EQ(code(), "E422");
}

class SelectTensors : public testing::Test {
 protected:
  std::vector<std::string> select(const std::string& pattern) {
    diagnostics_ = {};
    const auto positions = select_tensors(names_, pattern, diagnostics_);
    EXPECT_EQ(positions.has_value(), !diagnostics_.has_errors());
    std::vector<std::string> found;
    for (const std::size_t position : positions.value_or(std::vector<std::size_t>()))
      found.push_back(names_[position]);
    return found;
  }
  const Diagnostic& fault() const { return diagnostics_.list().at(0); }

  const std::vector<std::string> names_ = {"m.layers.0.up.weight", "m.layers.1.up.weight",
                                           "m.layers.1.up.bias", "m.norm"};
  Diagnostics diagnostics_;
};

using Names = std::vector<std::string>;

TEST_F(SelectTensors, FindsWhatFits) {
  EXPECT_EQ(select("m.norm"), Names{"m.norm"});
  EXPECT_EQ(select("m.layers.{i}.up.weight"),
            (Names{"m.layers.0.up.weight", "m.layers.1.up.weight"}));
  EXPECT_EQ(select("m.layers.1.{rest...}"), (Names{"m.layers.1.up.weight", "m.layers.1.up.bias"}));
}

TEST_F(SelectTensors, ListsANameOnceThatFitsInSeveralWays) {
  EXPECT_EQ(select("{a...}.{b...}"), names_);
}

TEST_F(SelectTensors, HelpsWhenNothingFits) {
  EXPECT_TRUE(select("m.layers.0").empty());
  EXPECT_EQ(fault().code, "E730");
  EXPECT_EQ(fault().help, "'m.layers.0.{rest...}'");
  EXPECT_TRUE(select("m.*.weight").empty());
  EXPECT_NE(fault().help.find("{rest...}"), std::string::npos);
  EXPECT_TRUE(select("m.nrom").empty());
  EXPECT_EQ(fault().help, "did you mean 'm.norm'?");
}

TEST_F(SelectTensors, RefusesMalformedPatterns) {
  EXPECT_TRUE(select("m.{i.weight").empty());
  EXPECT_EQ(fault().code, "E120");
  EXPECT_EQ(fault().subject, "pattern 'm.{i.weight'");
}

TEST_F(SelectTensors, KnowsNoNames) {
  EXPECT_TRUE(select("m.layers.${n}.up.weight").empty());
  EXPECT_EQ(fault().code, "E150");
}

}  // namespace
}  // namespace inarch
