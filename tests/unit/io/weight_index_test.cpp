#include "runtime/io/weight_index.h"

#include <string>

#include <gtest/gtest.h>

#include "raw_safetensors.h"

namespace inarch {
namespace {

std::string codes_of(std::string_view json) {
  Diagnostics diagnostics;
  const auto index = parse_weight_index(json, "index", diagnostics);
  EXPECT_EQ(index.has_value(), !diagnostics.has_errors());
  return codes(diagnostics);
}

TEST(WeightIndex, OrdersShardsByTheirNumbers) {
  Diagnostics diagnostics;
  const auto index = parse_weight_index(
      R"({"metadata":{"total_size":12,"more":[{"total_size":5}]},"extra":[[{}]],)"
      R"("weight_map":{"x":"m-10.safetensors","y":"m-9.safetensors","z":"m-10.safetensors"}})",
      "index", diagnostics);
  ASSERT_TRUE(index) << described(diagnostics);
  EXPECT_EQ(index->shards, (std::vector<std::string>{"m-9.safetensors", "m-10.safetensors"}));
  ASSERT_EQ(index->entries.size(), 3u);
  EXPECT_EQ(index->entries[0].tensor, "x");
  EXPECT_EQ(index->entries[0].shard, 1u);
  EXPECT_EQ(index->entries[1].shard, 0u);
  EXPECT_EQ(index->entries[2].shard, 1u);
  EXPECT_EQ(index->total_size, 12);
}

TEST(WeightIndex, LeavesOutATotalSizeThatIsNoCount) {
  for (const std::string size : {"1.5", "-3", "\"12\"", "null", "18446744073709551615"}) {
    Diagnostics diagnostics;
    const auto index = parse_weight_index(
        "{\"metadata\":{\"total_size\":" + size + "},\"weight_map\":{}}", "index", diagnostics);
    ASSERT_TRUE(index) << size << described(diagnostics);
    EXPECT_FALSE(index->total_size) << size;
  }
}

TEST(WeightIndex, RefusesWrongStructure) {
  using namespace std::string_literals;
  for (const std::string& json :
       {""s, "{"s, "[]"s, "7"s, "{}"s, R"({"weight_map":[]})"s, R"({"weight_map":"x"})"s,
        R"({"weight_map":null})"s, R"({"weight_map":{"a":1}})"s, R"({"weight_map":{"a":["x"]}})"s,
        R"({"weight_map":{"a":{}}})"s, R"({"weight_map":{},"weight_map":{}})"s,
        R"({"weight_map":{"a":"x","\u0061":"x"}})"s, "{\"weight_map\":{}}\0x"s,
        R"({"metadata":{"weight_map":{"a":"x"}}})"s,
        "{\"weight_map\":{\"" + std::string(5000, 'n') + "\":\"x\"}}"}) {
    EXPECT_EQ(codes_of(json), "E426") << json;
  }
}

TEST(WeightIndex, Fault36RefusesPathsThatLeaveTheDirectory) {
  for (const std::string shard :
       {"../x.safetensors", "a/../../x", "..", "a/..", "/etc/passwd", "//server/share/x",
        R"(..\\x)", R"(C:\\x.safetensors)", "C:x", R"(\\\\server\\share\\x)", "", ".", "./x",
        "a//b", "a/", R"(x\u0000.safetensors)"}) {
    EXPECT_EQ(codes_of("{\"weight_map\":{\"a\":\"" + shard + "\"}}"), "E427") << shard;
  }
  EXPECT_EQ(codes_of(R"({"weight_map":{"a":"sub/x.safetensors"}})"), "");
  EXPECT_EQ(codes_of(R"({"weight_map":{"a":"..x.safetensors"}})"), "");
}

TEST(WeightIndex, RefusesPickles) {
  EXPECT_EQ(codes_of(R"({"weight_map":{"a":"pytorch_model-00001-of-00002.bin"}})"), "E424");
}

}  // namespace
}  // namespace inarch
