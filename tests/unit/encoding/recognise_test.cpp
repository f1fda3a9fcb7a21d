#include <gtest/gtest.h>

#include "tests/unit/encoding/stored_checkpoint.h"

namespace inarch {
namespace {

constexpr const char* fp8_config =
    R"({"dtype": "float16", "quantization_config": {"quant_method": "fp8", "weight_block_size": [128, 64]}})";

StoredCheckpoint fp8(const char* config, Shape codes, Shape scales, DType scale = DType::f32) {
  StoredCheckpoint stored(config);
  stored.add("a.weight", DType::f8_e4m3, std::move(codes));
  stored.add("a.weight_scale_inv", scale, std::move(scales));
  return stored;
}

TEST(Recognise, a_checkpoint_without_encodings_stays_as_it_is) {
  StoredCheckpoint stored;
  stored.add("a.weight", DType::bf16, {4, 4})
      .add("ids", DType::i64, {3})
      .add("f", DType::u8, {3, 3});
  EXPECT_EQ(stored.recognise(), "");
  EXPECT_EQ(stored.checkpoint.tensors.size(), 3u);
  EXPECT_TRUE(stored.checkpoint.encoded.empty());
  EXPECT_EQ(stored.reads, 0);
}

TEST(Recognise, fp8_takes_the_blocks_of_the_config) {
  StoredCheckpoint stored = fp8(fp8_config, {288, 160}, {3, 3});
  stored.add("norm.weight", DType::bf16, {8});
  EXPECT_EQ(stored.recognise(), "");
  ASSERT_EQ(stored.checkpoint.tensors.size(), 2u);
  EXPECT_EQ(stored.said("a.weight"), "fp8 128x64");
  const TensorInfo& tensor = *stored.checkpoint.find("a.weight");
  EXPECT_EQ(tensor.dtype, DType::f16);
  EXPECT_EQ(tensor.shape, (Shape{288, 160}));
  EXPECT_EQ(tensor.bytes, 288 * 160 + 9 * 4);
  const EncodedTensor& encoded = stored.checkpoint.encoded[0];
  EXPECT_EQ(encoded.parts[1].name.substr(encoded.stem), ".weight_scale_inv");
  EXPECT_EQ(encoded.ending, ".weight");
  EXPECT_EQ(stored.said("norm.weight"), "plain");
  EXPECT_EQ(stored.said("a.weight_scale_inv"), "");
}

TEST(Recognise, fp8_of_other_blocks_than_configured_is_a_fault) {
  // Two scales for 256 rows would divide evenly into blocks of 128, three into nothing.
  EXPECT_EQ(fp8(fp8_config, {512, 64}, {2, 1}).recognise(), "E437");
  EXPECT_EQ(fp8(fp8_config, {256, 64}, {3, 1}).recognise(), "E437");
  EXPECT_EQ(fp8(fp8_config, {256, 128}, {2}).recognise(), "E437");
  EXPECT_EQ(fp8(fp8_config, {256, 128}, {1, 2, 2}).recognise(), "");
  EXPECT_EQ(fp8(fp8_config, {256, 128}, {3, 2, 2}).recognise(), "E437");
}

TEST(Recognise, fp8_without_a_config_has_blocks_of_128) {
  StoredCheckpoint edge = fp8("{}", {288, 320}, {3, 3});  // 96 divides 288, and is not meant
  EXPECT_EQ(edge.recognise(), "");
  EXPECT_EQ(edge.said("a.weight"), "fp8 128x128");
  StoredCheckpoint small = fp8("{}", {64, 64}, {2, 4});
  EXPECT_EQ(small.recognise(), "");
  EXPECT_EQ(small.said("a.weight"), "fp8 32x16");
  EXPECT_EQ(fp8("{}", {96, 64}, {2, 2}).recognise(), "E437");
}

TEST(Recognise, fp8_with_a_scale_for_all_or_for_each_row) {
  for (const Shape& scales : {Shape{}, Shape{1}, Shape{1, 1}}) {
    StoredCheckpoint stored = fp8(fp8_config, {300, 200}, scales);
    EXPECT_EQ(stored.recognise(), "");
    EXPECT_EQ(stored.said("a.weight"), "fp8, one scale");
  }
  for (const Shape& scales : {Shape{300}, Shape{300, 1}}) {
    StoredCheckpoint stored = fp8(fp8_config, {300, 200}, scales);
    EXPECT_EQ(stored.recognise(), "");
    EXPECT_EQ(stored.said("a.weight"), "fp8, a scale a row");
  }
}

TEST(Recognise, fp8_needs_scales_where_the_config_says_so) {
  StoredCheckpoint scaled(fp8_config);
  scaled.add("a.weight", DType::f8_e4m3, {4, 4});
  EXPECT_EQ(scaled.recognise(), "E436");
  StoredCheckpoint plain;
  plain.add("a.weight", DType::f8_e4m3, {4, 4});
  EXPECT_EQ(plain.recognise(), "");
  EXPECT_EQ(plain.said("a.weight"), "plain");
}

TEST(Recognise, scales_must_be_numbers) {
  EXPECT_EQ(fp8(fp8_config, {128, 64}, {1, 1}, DType::i32).recognise(), "E437");
  EXPECT_EQ(fp8(fp8_config, {128, 64}, {1, 1}, DType::f8_e8m0).recognise(), "");
}

TEST(Recognise, deepseek_v4_fp4_by_its_exponents) {
  StoredCheckpoint stored(
      R"({"expert_dtype": "fp4", "quantization_config": {"quant_method": "fp8"}})");
  stored.add("w1.weight", DType::i8, {4, 48}).add("w1.scale", DType::f8_e8m0, {4, 3});
  stored.add("w2.weight", DType::i8, {4, 48}).add("w2.scale", DType::f8_e8m0, {4, 5});
  stored.add("w3.weight", DType::i8, {4, 48});
  EXPECT_EQ(stored.recognise(), "E437 E436");
  EXPECT_EQ(stored.said("w1.weight"), "mxfp4 /32");
  EXPECT_EQ(stored.checkpoint.find("w1.weight")->shape, (Shape{4, 96}));
  EXPECT_EQ(stored.checkpoint.find("w1.weight")->dtype, DType::bf16);
}

TEST(Recognise, gpt_oss_blocks_have_the_shape_of_the_parameter) {
  StoredCheckpoint stored(R"({"quantization_config": {"quant_method": "mxfp4"}})");
  stored.add("e.down_proj_blocks", DType::u8, {2, 10, 3, 16});
  stored.add("e.down_proj_scales", DType::u8, {2, 10, 3});
  stored.add("e.down_proj_bias", DType::bf16, {2, 10});
  EXPECT_EQ(stored.recognise(), "");
  EXPECT_EQ(stored.checkpoint.find("e.down_proj")->shape, (Shape{2, 96, 10}));
  EXPECT_TRUE(stored.checkpoint.encoded[0].transposed);
  EXPECT_EQ(stored.said("e.down_proj_bias"), "plain");
}

StoredCheckpoint packed_words(const char* config, Shape codes, Shape zeros, Shape scales) {
  StoredCheckpoint stored(config);
  stored.add("a.qweight", DType::i32, std::move(codes))
      .add("a.qzeros", DType::i32, std::move(zeros));
  stored.add("a.scales", DType::f16, std::move(scales));
  return stored;
}

TEST(Recognise, awq_and_gptq_by_where_words_lie) {
  StoredCheckpoint awq =
      packed_words(R"({"quantization_config": {"quant_method": "awq"}})", {96, 8}, {3, 8}, {3, 64});
  EXPECT_EQ(awq.recognise(), "");
  EXPECT_EQ(awq.said("a.weight"), "awq /32");
  EXPECT_EQ(awq.checkpoint.find("a.weight")->shape, (Shape{64, 96}));
  StoredCheckpoint gptq = packed_words(
      R"({"quantization_config": {"quant_method": "gptq", "bits": 8, "checkpoint_format": "gptq_v2"}})",
      {24, 64}, {3, 16}, {3, 64});
  EXPECT_EQ(gptq.recognise(), "");
  EXPECT_EQ(gptq.said("a.weight"), "gptq 8 bits /32");
  EXPECT_FALSE(gptq.encoding("a.weight")->zero_minus_one);
}

TEST(Recognise, words_that_do_not_fit_or_are_of_an_unknown_form) {
  EXPECT_EQ(
      packed_words(R"({"quantization_config": {"group_size": 32}})", {192, 8}, {3, 8}, {3, 64})
          .recognise(),
      "E437");
  EXPECT_EQ(packed_words("{}", {96, 8}, {3, 9}, {3, 64}).recognise(), "E437");
  EXPECT_EQ(packed_words("{}", {96, 8}, {3, 8}, {3, 64, 1}).recognise(), "E437");
  EXPECT_EQ(
      packed_words(R"({"quantization_config": {"version": "gemv"}})", {96, 8}, {3, 8}, {3, 64})
          .recognise(),
      "E438");
  EXPECT_EQ(packed_words(R"({"quantization_config": {"bits": 3}})", {12, 64}, {3, 8}, {3, 64})
                .recognise(),
            "E438");
  StoredCheckpoint alone;
  alone.add("a.qweight", DType::i32, {96, 8});
  EXPECT_EQ(alone.recognise(), "E436");
}

std::string two_sizes(std::int64_t rows, std::int64_t columns) {
  std::string text(16, '\0');
  for (int k = 0; k < 8; ++k) {
    text[static_cast<std::size_t>(k)] = static_cast<char>(rows >> (8 * k));
    text[static_cast<std::size_t>(8 + k)] = static_cast<char>(columns >> (8 * k));
  }
  return text;
}

StoredCheckpoint packed_integers(std::int64_t rows, std::int64_t columns, std::int64_t words) {
  StoredCheckpoint stored(
      R"({"quantization_config": {"quant_method": "compressed-tensors", "config_groups": {
          "a": {"weights": {"num_bits": 4}}, "b": {"weights": {"num_bits": 8}}}}})");
  stored.add("a.weight_packed", DType::i32, {6, words}).add("a.weight_scale", DType::bf16, {6, 3});
  stored.add("a.weight_shape", DType::i64, {2}, two_sizes(rows, columns));
  return stored;
}

TEST(Recognise, packed_integers_are_as_wide_as_their_words_say) {
  StoredCheckpoint four = packed_integers(6, 90, 12);
  EXPECT_EQ(four.recognise(), "");
  EXPECT_EQ(four.said("a.weight"), "int4 /30");
  StoredCheckpoint eight = packed_integers(6, 90, 23);
  EXPECT_EQ(eight.recognise(), "");
  EXPECT_EQ(eight.said("a.weight"), "int8 /30");
}

TEST(Recognise, packed_integers_of_impossible_sizes) {
  EXPECT_EQ(packed_integers(6, 90, 13).recognise(), "E437");
  EXPECT_EQ(packed_integers(7, 90, 12).recognise(), "E437");
  for (const std::int64_t size : {std::int64_t{0}, std::int64_t{-1}, INT64_MIN, INT64_MAX}) {
    EXPECT_NE(packed_integers(size, 90, 12).recognise(), "");
    EXPECT_NE(packed_integers(6, size, 12).recognise(), "");
  }
}

TEST(Recognise, a_name_cannot_be_there_twice) {
  StoredCheckpoint stored = packed_words("{}", {96, 8}, {3, 8}, {3, 64});
  stored.add("a.weight", DType::bf16, {64, 96});
  EXPECT_EQ(stored.recognise(), "E437");
}

TEST(Recognise, of_many_faults_a_few_are_told) {
  StoredCheckpoint stored(fp8_config);
  for (int i = 0; i < 100; ++i) stored.add(std::to_string(i) + ".weight", DType::f8_e4m3, {4, 4});
  EXPECT_EQ(stored.recognise(), "E436 E436 E436 E436 E436 E436");
}

TEST(Recognise, an_unknown_method_is_a_warning) {
  StoredCheckpoint stored(R"({"quantization_config": {"quant_method": "eetq"}})");
  stored.add("a.weight", DType::i8, {4, 4});
  EXPECT_EQ(stored.recognise(), "W403");
}

}  // namespace
}  // namespace inarch
