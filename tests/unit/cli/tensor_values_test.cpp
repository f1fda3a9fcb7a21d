#include "runtime/cli/tensor_values.h"

#include <cstring>

#include <gtest/gtest.h>

#include "compiler/core/json.h"
#include "runtime/io/directory.h"
#include "runtime/io/file.h"
#include "tests/unit/io/temporary_directory.h"

namespace inarch {
namespace {

/// A file that holds one tensor's bytes behind eight others.
class TensorValues : public testing::Test {
 protected:
  template <typename T>
  std::string values(DType dtype, Shape shape, const std::vector<T>& stored) {
    std::string bytes(8, 'h');
    bytes.resize(8 + stored.size() * sizeof(T));
    if (!stored.empty()) std::memcpy(bytes.data() + 8, stored.data(), stored.size() * sizeof(T));
    const std::string path = join_path(directory_.path(), "model.safetensors");
    EXPECT_TRUE(write_small_file(path, bytes));
    Checkpoint checkpoint;
    checkpoint.files.push_back({path, "model.safetensors", 0, 0, 0, ""});
    const auto size = static_cast<std::int64_t>(bytes.size()) - 8;
    checkpoint.tensors.push_back({"t", dtype, std::move(shape), 0, 8, size});
    const auto read = tensor_values(checkpoint, checkpoint.tensors[0]);
    return read ? write_json(*read, JsonStyle::compact) : read.error().code;
  }

 private:
  TemporaryDirectory directory_;
};

TEST_F(TensorValues, are_nested_lists) {
  EXPECT_EQ(values<std::int32_t>(DType::i32, {2, 1, 2}, {1, -2, 3, 4}), "[[[1, -2]], [[3, 4]]]");
  EXPECT_EQ(values<std::uint8_t>(DType::u8, {}, {255}), "255");
  EXPECT_EQ(values<std::uint8_t>(DType::u8, {0, 5}, {}), "[]");
  EXPECT_EQ(values<std::uint8_t>(DType::u8, {2, 0}, {}), "[[], []]");
}

TEST_F(TensorValues, keep_64_bits) {
  EXPECT_EQ(values<std::int64_t>(DType::i64, {2}, {INT64_MAX, INT64_MIN}),
            "[9223372036854775807, -9223372036854775808]");
  EXPECT_EQ(values<std::uint64_t>(DType::u64, {2}, {9007199254740993, UINT64_MAX}),
            "[9007199254740993, 1.8446744073709552e+19]");
}

TEST_F(TensorValues, are_those_of_every_type) {
  EXPECT_EQ(values<std::uint8_t>(DType::boolean, {2}, {1, 0}), "[true, false]");
  EXPECT_EQ(values<std::int8_t>(DType::i8, {1}, {-3}), "[-3]");
  EXPECT_EQ(values<std::int16_t>(DType::i16, {1}, {-300}), "[-300]");
  EXPECT_EQ(values<std::uint16_t>(DType::u16, {1}, {65535}), "[65535]");
  EXPECT_EQ(values<std::uint32_t>(DType::u32, {1}, {4294967295u}), "[4294967295]");
  EXPECT_EQ(values<std::uint16_t>(DType::bf16, {1}, {0x3FC0}), "[1.5]");
  EXPECT_EQ(values<std::uint16_t>(DType::f16, {1}, {0x3E00}), "[1.5]");
  EXPECT_EQ(values<float>(DType::f32, {1}, {1.5F}), "[1.5]");
  EXPECT_EQ(values<double>(DType::f64, {1}, {0.1}), "[0.1]");
  EXPECT_EQ(values<std::uint8_t>(DType::f8_e4m3, {1}, {0x3C}), "[1.5]");
  EXPECT_EQ(values<std::uint8_t>(DType::f8_e5m2, {1}, {0x3E}), "[1.5]");
  EXPECT_EQ(values<std::uint8_t>(DType::f8_e8m0, {1}, {126}), "[0.5]");
}

TEST_F(TensorValues, are_finite_or_refused) {
  EXPECT_EQ(values<float>(DType::f32, {2}, {1, std::numeric_limits<float>::infinity()}), "E168");
  EXPECT_EQ(values<std::uint8_t>(DType::f8_e4m3, {1}, {0x7F}), "E168");
  EXPECT_EQ(values<std::uint8_t>(DType::f8_e4m3fnuz, {1}, {1}), "E168");
}

}  // namespace
}  // namespace inarch
