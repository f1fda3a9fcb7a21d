#include "compiler/core/catalog.h"

#include <gtest/gtest.h>

#include "compiler/core/shape.h"

namespace inarch {
namespace {

TEST(Shape, CountsElementsWithoutOverflow) {
  EXPECT_EQ(checked_numel({}), 1);
  EXPECT_EQ(checked_numel({2, 3, 4}), 24);
  EXPECT_EQ(checked_numel({2, 0, 4}), 0);
  EXPECT_EQ(checked_numel({std::int64_t{1} << 61}), std::int64_t{1} << 61);
  EXPECT_EQ(checked_numel({std::int64_t{1} << 31, std::int64_t{1} << 32}), std::nullopt);
  EXPECT_EQ(checked_numel({INT64_MAX, INT64_MAX, INT64_MAX}), std::nullopt);
  EXPECT_EQ(checked_numel({INT64_MAX, INT64_MAX, 0}), std::nullopt);
  EXPECT_EQ(checked_numel({-1}), std::nullopt);
}

TEST(Shape, IsWrittenAsAList) {
  EXPECT_EQ(format_shape({}), "[]");
  EXPECT_EQ(format_shape({262144, 1152}), "[262144, 1152]");
}

TEST(Checkpoint, FindsTensorsByTheirWholeName) {
  Checkpoint checkpoint;
  for (const char* name : {"b.weight", "a.weight", "a"}) {
    TensorInfo tensor;
    tensor.name = name;
    checkpoint.tensors.push_back(tensor);
  }
  EXPECT_EQ(checkpoint.find("a"), nullptr);
  checkpoint.build_index();
  EXPECT_EQ(checkpoint.find("a"), &checkpoint.tensors[2]);
  EXPECT_EQ(checkpoint.find("b.weight"), &checkpoint.tensors[0]);
  EXPECT_EQ(checkpoint.find("b"), nullptr);
  checkpoint.tensors.erase(checkpoint.tensors.begin());
  checkpoint.build_index();
  EXPECT_EQ(checkpoint.find("b.weight"), nullptr);
  EXPECT_EQ(checkpoint.find("a"), &checkpoint.tensors[1]);
}

}  // namespace
}  // namespace inarch
