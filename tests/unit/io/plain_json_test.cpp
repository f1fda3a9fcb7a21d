#include "runtime/io/plain_json.h"

#include <string>

#include <gtest/gtest.h>

#include "runtime/io/plain_header.h"
#include "runtime/io/plain_index.h"
#include "runtime/io/safetensors_header.h"

namespace inarch {
namespace {

constexpr std::string_view good_entry = R"({"dtype":"U8","shape":[2,3],"data_offsets":[0,6]})";

std::string header(std::string_view entry) { return "{\"a\":" + std::string(entry) + "}"; }

TEST(PlainHeader, ReadsWhatIsWritten) {
  std::vector<TensorInfo> tensors(3);
  tensors[0] = {"layers.0.w", DType::bf16, {8, 3}, 0, 0, 48};
  tensors[1] = {"norm", DType::f32, {}, 0, 48, 4};
  tensors[2] = {"none", DType::f8_e4m3, {0, 4}, 0, 52, 0};
  const std::string text = write_safetensors_header(tensors);
  const auto read = read_plain_header(std::string_view(text).substr(8), 52);
  ASSERT_TRUE(read);
  ASSERT_EQ(read->size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ((*read)[i].name, tensors[i].name);
    EXPECT_EQ((*read)[i].dtype, tensors[i].dtype);
    EXPECT_EQ((*read)[i].shape, tensors[i].shape);
    EXPECT_EQ((*read)[i].offset, tensors[i].offset);
    EXPECT_EQ((*read)[i].bytes, tensors[i].bytes);
  }
}

TEST(PlainHeader, TakesBlanksAndAnyOrderOfFields) {
  EXPECT_TRUE(read_plain_header(header(good_entry), 6));
  EXPECT_TRUE(read_plain_header(
      "\n{ \"a\" : {\"data_offsets\": [0, 6],\t\"shape\": [ 6 ], \"dtype\": \"U8\"} }  ", 6));
  EXPECT_TRUE(read_plain_header("{\"__metadata__\": {\"format\": \"pt\", \"b\": \"\"}, \"a\":" +
                                    std::string(good_entry) + "}",
                                6));
}

TEST(PlainHeader, LeavesAllElseToTheReaderOfAllJson) {
  for (const char* entry :
       {R"({"dtype":"U8","shape":[2,3],"data_offsets":[0,7]})",    // more than there are
        R"({"dtype":"U8","shape":[2,3],"data_offsets":[0,5]})",    // not the shape's
        R"({"dtype":"U8","shape":[2,3],"data_offsets":[6,0]})",    //
        R"({"dtype":"U8","shape":[2,3],"data_offsets":[0]})",      //
        R"({"dtype":"U8","shape":[2,3],"data_offsets":[0,6,6]})",  //
        R"({"dtype":"U8","shape":[2,3],"data_offsets":[0,6],"x":1})",
        R"({"dtype":"U8","shape":[2,3],"shape":[2,3],"data_offsets":[0,6]})",
        R"({"dtype":"U8","shape":[2,3]})",
        R"({"dtype":"U9","shape":[2,3],"data_offsets":[0,6]})",
        R"({"dtype":8,"shape":[2,3],"data_offsets":[0,6]})",
        R"({"dtype":"U8","shape":[2,03],"data_offsets":[0,6]})",
        R"({"dtype":"U8","shape":[2,3.0],"data_offsets":[0,6]})",
        R"({"dtype":"U8","shape":[2,3e0],"data_offsets":[0,6]})",
        R"({"dtype":"U8","shape":[2,-3],"data_offsets":[0,6]})",
        R"({"dtype":"U8","shape":[2,3,],"data_offsets":[0,6]})",
        R"({"dtype":"U8","shape":[2 3],"data_offsets":[0,6]})",
        R"({"dtype":"U8","shape":6,"data_offsets":[0,6]})",
        R"({"dtype":"U8","shape":[2,3],"data_offsets":[0,1000000000000000000]})",
        R"({"dtype":"\u00558","shape":[2,3],"data_offsets":[0,6]})",
        "{}",
        "[]",
        "null",
        ""}) {
    EXPECT_FALSE(read_plain_header(header(entry), 6)) << entry;
  }
  const std::string good = header(good_entry);
  for (std::size_t end = 0; end < good.size(); ++end)
    EXPECT_FALSE(read_plain_header(good.substr(0, end), 6)) << end;
  for (const char* text : {"{}", "{\"__metadata__\":{}}", "{\"__metadata__\":{\"a\":1}}",
                           "{\"__metadata__\":{\"a\":\"\",\"a\":\"\"}}",
                           "{\"__metadata__\":{\"a\":\"\"},\"__metadata__\":{\"a\":\"\"}}"})
    EXPECT_FALSE(read_plain_header(text, 6)) << text;
  EXPECT_FALSE(read_plain_header(good + "x", 6));
  EXPECT_FALSE(read_plain_header(good + std::string(1, '\0'), 6));
  for (const char* name : {"\\u0061", "\xC3\xA9", "\x7F", "\n", "\xFF"})
    EXPECT_FALSE(
        read_plain_header("{\"" + std::string(name) + "\":" + std::string(good_entry) + "}", 6))
        << name;
}

TEST(PlainIndex, ReadsWhatIsWritten) {
  const auto index = read_plain_index(
      R"({"metadata": {"total_size": 12, "total_parameters": 6},)"
      R"( "weight_map": {"a": "2.safetensors", "b": "1.safetensors", "c": "2.safetensors"}})");
  ASSERT_TRUE(index);
  EXPECT_EQ(index->total_size, 12);
  EXPECT_EQ(index->shards, (std::vector<std::string>{"2.safetensors", "1.safetensors"}));
  ASSERT_EQ(index->entries.size(), 3u);
  EXPECT_EQ(index->entries[1].tensor, "b");
  EXPECT_EQ(index->entries[1].shard, 1u);
  EXPECT_EQ(index->entries[2].shard, 0u);
}

TEST(PlainIndex, LeavesAllElseToTheReaderOfAllJson) {
  for (const char* text :
       {"", "{}", "{\"metadata\":{\"total_size\":1}}", "{\"weight_map\":{}}",
        "{\"weight_map\":{\"a\":1}}", "{\"weight_map\":{\"a\":\"s\"}", "{\"other\":{\"a\":\"s\"}}",
        "{\"weight_map\":{\"a\":\"s\"},\"weight_map\":{\"a\":\"s\"}}",
        "{\"metadata\":{\"total_size\":1.5},\"weight_map\":{\"a\":\"s\"}}",
        "{\"weight_map\":{\"a\":\"\\u0073\"}}", "{\"weight_map\":{\"a\":\"s\"}}x"})
    EXPECT_FALSE(read_plain_index(text)) << text;
}

}  // namespace
}  // namespace inarch
