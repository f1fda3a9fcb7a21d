// Sources that are enormous, that change under a run, or that are where the output is to go.

#include <filesystem>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/faults/scene.h"

namespace inarch::faults {
namespace {

namespace fs = std::filesystem;

class SourcesTest : public SmallBuild {};

/// Of a gigabyte no more is read than shows what it is.
TEST_F(SourcesTest, Fault12GigabytesTakeLittleMemory) {
  ASSERT_EQ(shell("truncate -s 1G recipe.yaml").exit_code, 0);
  const ShellResult result = shell("ulimit -v 500000; exec inarch check recipe.yaml");
  EXPECT_EQ(result.exit_code, 1) << result.err;
  EXPECT_NE(result.err.find("E432"), std::string::npos) << result.err;
}

/// A million tensors, read in a fraction of the memory that a tree of their JSON would take.
TEST_F(SourcesTest, Fault18AMillionTensors) {
  constexpr int count = 1'000'000;
  std::string header = "{";
  for (int i = 0; i < count; ++i)
    header += fmt::format(R"({}"layers.{}.w":{{"dtype":"U8","shape":[1],"data_offsets":[{},{}]}})",
                          i == 0 ? "" : ",", i, i, i + 1);
  header += "}";
  std::string length(8, '\0');
  for (int i = 0; i < 8; ++i) length[i] = static_cast<char>((header.size() >> (8 * i)) & 255u);
  fs::create_directory(work_ / "large");
  golden::write_file(work_ / "large/model.safetensors", length + header + std::string(count, 'x'));
  const ShellResult result =
      shell("ulimit -v 1500000; exec inarch inspect large 'layers.999999.w'");
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_NE(result.out.find("999999"), std::string::npos) << result.out;
}

TEST_F(SourcesTest, Fault46OutputIsTheSource) {
  ASSERT_EQ(shell("mkdir around; cp -r model around/model; ln -s model link; "
                  "ln -s ../around/model around/inner")
                .exit_code,
            0);
  const Content model = content_of(work_ / "model");
  for (const char* out : {"model", "link", "./link/", "."}) {
    const ShellResult result =
        shell(fmt::format("inarch run recipe.yaml -o {} --force --jobs 1", out));
    EXPECT_EQ(result.exit_code, 1) << out << result.err;
    EXPECT_TRUE(result.err.find("E706") != std::string::npos ||
                result.err.find("E705") != std::string::npos)
        << out << result.err;
    EXPECT_EQ(different(content_of(work_ / "model"), model), "") << out;
  }
}

}  // namespace
}  // namespace inarch::faults
