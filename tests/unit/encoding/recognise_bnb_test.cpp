#include <gtest/gtest.h>

#include "tests/unit/encoding/stored_checkpoint.h"

namespace inarch {
namespace {

constexpr const char* state = "a.weight.quant_state.bitsandbytes__nf4";
constexpr const char* usual =
    R"({"quant_type": "nf4", "blocksize": 64, "dtype": "float16", "shape": [20, 33]})";
constexpr const char* nested =
    R"({"blocksize": 64, "dtype": "torch.bfloat16", "shape": [20, 33], "nested_blocksize": 256,
        "nested_offset": 0.5})";

/// [20, 33] in blocks of 64, that is 660 values in 330 bytes and 11 blocks.
StoredCheckpoint with_state(const std::string& text, DType storage = DType::u8) {
  StoredCheckpoint stored;
  stored.add("a.weight", storage, {330 / (bits(storage) / 8), 1});
  stored.add("a.weight.absmax", DType::f32, {11}).add("a.weight.quant_map", DType::f32, {16});
  return stored.add_text(state, text);
}

TEST(RecogniseBnb, shape_and_dtype_are_those_of_the_text) {
  StoredCheckpoint stored = with_state(usual);
  EXPECT_EQ(stored.recognise(), "");
  EXPECT_EQ(stored.reads, 1);
  ASSERT_EQ(stored.checkpoint.tensors.size(), 1u);
  EXPECT_EQ(stored.said("a.weight"), "bnb4 /64");
  EXPECT_EQ(stored.checkpoint.find("a.weight")->shape, (Shape{20, 33}));
  EXPECT_EQ(stored.checkpoint.find("a.weight")->dtype, DType::f16);
}

TEST(RecogniseBnb, codes_may_lie_as_numbers) {
  for (const DType storage : {DType::bf16, DType::f16, DType::i8}) {
    StoredCheckpoint stored = with_state(usual, storage);
    EXPECT_EQ(stored.recognise(), "");
    EXPECT_EQ(stored.said("a.weight"), "bnb4 /64");
    EXPECT_EQ(stored.checkpoint.encoded[0].parts[0].dtype, storage);
  }
}

TEST(RecogniseBnb, nested_scales_have_parts_of_their_own) {
  EXPECT_EQ(with_state(nested).recognise(), "E436");
  StoredCheckpoint stored;
  stored.add("a.weight", DType::u8, {330, 1}).add("a.weight.absmax", DType::u8, {11});
  stored.add("a.weight.quant_map", DType::f32, {16});
  stored.add("a.weight.nested_absmax", DType::f32, {1});
  stored.add("a.weight.nested_quant_map", DType::f32, {256}).add_text(state, nested);
  EXPECT_EQ(stored.recognise(), "");
  EXPECT_EQ(stored.said("a.weight"), "bnb4 /64, nested");
  EXPECT_EQ(stored.encoding("a.weight")->nested_offset, 0.5);
  EXPECT_EQ(stored.checkpoint.find("a.weight")->dtype, DType::bf16);
}

TEST(RecogniseBnb, texts_that_make_no_sense) {
  for (const char* text :
       {"", "{", "[]", "{}", R"({"blocksize": 64, "dtype": "float16"})",
        R"({"blocksize": 0, "dtype": "float16", "shape": [20, 33]})",
        R"({"blocksize": -64, "dtype": "float16", "shape": [20, 33]})",
        R"({"blocksize": 64.5, "dtype": "float16", "shape": [20, 33]})",
        R"({"blocksize": 64, "dtype": "int32", "shape": [20, 33]})",
        R"({"blocksize": 64, "dtype": 16, "shape": [20, 33]})",
        R"({"blocksize": 64, "dtype": "float16", "shape": "[20, 33]"})",
        R"({"blocksize": 64, "dtype": "float16", "shape": [20, "33"]})",
        R"({"blocksize": 64, "dtype": "float16", "shape": [-20, -33]})",
        R"({"blocksize": 64, "dtype": "float16", "shape": [0, 33]})",
        R"({"blocksize": 64, "dtype": "float16", "shape": [4611686018427387904, 4]})",
        R"({"blocksize": 64, "dtype": "float16", "shape": [20, 33], "nested_blocksize": 256})",
        R"({"blocksize": 64, "dtype": "float16", "shape": [20, 33], "nested_blocksize": 0,
            "nested_offset": 0.5})"}) {
    EXPECT_EQ(with_state(text).recognise(), "E438") << text;
  }
}

TEST(RecogniseBnb, sizes_that_do_not_fit_the_text) {
  const auto stated = [](const char* shape, int block) {
    return with_state(R"({"dtype": "float16", "shape": )" + std::string(shape) +
                      R"(, "blocksize": )" + std::to_string(block) + "}")
        .recognise();
  };
  EXPECT_EQ(stated("[660]", 64), "");
  EXPECT_EQ(stated("[659]", 64), "");  // the last half byte is of no account
  EXPECT_EQ(stated("[661]", 64), "E437");
  EXPECT_EQ(stated("[660]", 32), "E437");
  EXPECT_EQ(stated("[1152921504606846975]", 64), "E438");  // more elements than there can be
}

TEST(RecogniseBnb, a_part_that_is_missing) {
  StoredCheckpoint no_map;
  no_map.add("a.weight", DType::u8, {330, 1}).add("a.weight.absmax", DType::f32, {11});
  no_map.add_text(state, usual);
  EXPECT_EQ(no_map.recognise(), "E436");
  StoredCheckpoint no_state;
  no_state.add("a.weight", DType::u8, {330, 1}).add("a.weight.absmax", DType::f32, {11});
  no_state.add("a.weight.quant_map", DType::f32, {16});
  EXPECT_EQ(no_state.recognise(), "E436");
}

TEST(RecogniseBnb, columns_of_one_are_no_codes_by_themselves) {
  StoredCheckpoint stored;
  stored.add("a.weight", DType::bf16, {330, 1}).add("b.weight", DType::u8, {330, 1});
  EXPECT_EQ(stored.recognise(), "");
  EXPECT_EQ(stored.said("a.weight"), "plain");
}

}  // namespace
}  // namespace inarch
