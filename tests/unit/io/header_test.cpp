#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "compiler/core/dtype.h"
#include "raw_safetensors.h"
#include "runtime/io/safetensors_header.h"

namespace inarch {
namespace {

struct Parsed {
  std::optional<std::vector<TensorInfo>> tensors;
  Diagnostics diagnostics;
  std::string text() const { return described(diagnostics); }
};

Parsed parse(std::string_view json, std::int64_t data_bytes) {
  Parsed parsed;
  const std::int64_t size = 8 + static_cast<std::int64_t>(json.size()) + data_bytes;
  parsed.tensors = parse_safetensors_header(json, size, "m.safetensors", parsed.diagnostics);
  return parsed;
}

/// A tensor 'a' with these fields, in braces.
std::string tensor_a(const std::string& fields) { return "{\"a\":{" + fields + "}}"; }

TEST(Header, KeepsWhatItSays) {
  const auto parsed = parse(
      R"({"__metadata__":{"format":"pt"},"b":{"dtype":"BF16","shape":[2,3],"data_offsets":[4,16]},)"
      R"("a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}   )",
      16);
  ASSERT_TRUE(parsed.tensors) << parsed.text();
  ASSERT_EQ(parsed.tensors->size(), 2u);
  const TensorInfo& a = (*parsed.tensors)[0];
  const TensorInfo& b = (*parsed.tensors)[1];
  EXPECT_EQ(a.name, "a");
  EXPECT_EQ(a.shape, Shape{});
  EXPECT_EQ(a.bytes, 4);
  EXPECT_EQ(b.name, "b");
  EXPECT_EQ(b.dtype, DType::bf16);
  EXPECT_EQ(b.shape, (Shape{2, 3}));
  EXPECT_EQ(b.offset, a.offset + 4);
  EXPECT_EQ(b.bytes, 12);
}

TEST(Header, Fault31AcceptsWhitespaceBeforeIt) {
  const std::string json = " \n\t{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}";
  const auto parsed = parse(json, 1);
  ASSERT_TRUE(parsed.tensors) << parsed.text();
  EXPECT_EQ(parsed.tensors->front().offset, 8 + static_cast<std::int64_t>(json.size()));
}

TEST(Header, Fault30AcceptsEmptyTensorsAndScalars) {
  const auto parsed = parse(R"({"x":{"dtype":"F32","shape":[0,7],"data_offsets":[4,4]},)"
                            R"("s":{"dtype":"F32","shape":[],"data_offsets":[0,4]},)"
                            R"("y":{"dtype":"F32","shape":[3,0],"data_offsets":[0,0]},)"
                            R"("t":{"dtype":"F4","shape":[8],"data_offsets":[4,8]}})",
                            8);
  ASSERT_TRUE(parsed.tensors) << parsed.text();
  std::string order;
  for (const TensorInfo& tensor : *parsed.tensors) order += tensor.name;
  EXPECT_EQ(order, "ysxt");
}

TEST(Header, AcceptsNoTensorsAtAll) {
  EXPECT_TRUE(parse("{}", 0).tensors);
  EXPECT_TRUE(parse(R"({"__metadata__":{}})", 0).tensors);
}

TEST(Header, Fault19RefusesWhatIsNoJson) {
  for (const std::string json : {"", "   ", "[]", "7", "{", "{\"a\"", "{\"a\":}", "{} x", "{}{}",
                                 "{'a':1}", "{\"a\":NaN}", "\xEF\xBB\xBF{}", "{,}", "{/**/}"}) {
    const auto parsed = parse(json, 0);
    EXPECT_FALSE(parsed.tensors) << json;
    EXPECT_EQ(codes(parsed.diagnostics), "E404") << json << parsed.text();
  }
}

TEST(Header, RefusesBytesAfterANul) {
  using namespace std::string_literals;
  EXPECT_EQ(codes(parse("{}\0\0"s, 0).diagnostics), "E404");
  EXPECT_EQ(codes(parse("{}\0{\"a\":1}"s, 0).diagnostics), "E404");
}

TEST(Header, Fault19RefusesInvalidUtf8) {
  EXPECT_EQ(codes(parse("{\"\xFF\":{}}", 0).diagnostics), "E404");
  EXPECT_EQ(codes(parse("{\"\\ud800\":{}}", 0).diagnostics), "E404");
}

TEST(Header, Fault20RefusesATensorThatOccursTwice) {
  const std::string body = R"({"dtype":"U8","shape":[1],"data_offsets":[0,1]})";
  const auto parsed = parse("{\"a\":" + body + ",\"a\":" + body + "}", 1);
  EXPECT_EQ(described(parsed.diagnostics),
            "E405 tensor 'a' occurs twice in the header [m.safetensors]\n");
}

TEST(Header, Fault21SeesTheSameNameBehindAnEscape) {
  const std::string body = R"({"dtype":"U8","shape":[1],"data_offsets":[0,1]})";
  EXPECT_EQ(codes(parse("{\"a\":" + body + ",\"\\u0061\":" + body + "}", 1).diagnostics), "E405");
}

TEST(Header, Fault20RefusesMetadataAndFieldsThatOccurTwice) {
  EXPECT_EQ(codes(parse(R"({"__metadata__":{},"__metadata__":{}})", 0).diagnostics), "E405");
  EXPECT_EQ(codes(parse(R"({"__metadata__":{},"\u005f_metadata__":{}})", 0).diagnostics), "E405");
  EXPECT_EQ(codes(parse(R"({"__metadata__":{"k":"1","l":"","\u006b":"2"}})", 0).diagnostics),
            "E405");
  for (const std::string twice :
       {R"("dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1])",
        R"("dtype":"U8","shape":[1],"shape":[1],"data_offsets":[0,1])",
        R"("dtype":"U8","shape":[1],"data_offsets":[0,1],"data_offset\u0073":[0,1])"}) {
    EXPECT_EQ(codes(parse(tensor_a(twice), 1).diagnostics), "E405") << twice;
  }
}

TEST(Header, Fault22RefusesAnUnknownDtype) {
  const auto parsed = parse(tensor_a(R"("dtype":"Q4_K","shape":[1],"data_offsets":[0,1])"), 1);
  EXPECT_EQ(described(parsed.diagnostics),
            "E407 tensor 'a' has the unknown dtype 'Q4_K' [m.safetensors]\n");
}

TEST(Header, RefusesWrongStructure) {
  for (const std::string json :
       {R"({"a":1})", R"({"a":null})", R"({"a":[1]})", R"({"a":"x"})", R"({"__metadata__":"pt"})",
        R"({"__metadata__":[]})", R"({"a":{"dtype":3,"shape":[1],"data_offsets":[0,1]}})",
        R"({"a":{"dtype":"U8","shape":1,"data_offsets":[0,1]}})",
        R"({"a":{"dtype":"U8","shape":{},"data_offsets":[0,1]}})",
        R"({"a":{"dtype":"U8","shape":[1],"data_offsets":"0,1"}})",
        R"({"a":{"shape":[1],"data_offsets":[0,1]}})",
        R"({"a":{"dtype":"U8","data_offsets":[0,1]}})", R"({"a":{"dtype":"U8","shape":[1]}})",
        R"({"a":{}})", R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"strides":[1]}})"}) {
    const auto parsed = parse(json, 1);
    EXPECT_EQ(codes(parsed.diagnostics), "E406") << json << parsed.text();
  }
}

TEST(Header, Fault23RefusesBadShapes) {
  for (const std::string shape :
       {"[-1]", "[1.0]", "[1e3]", "[-0]", "[\"1\"]", "[null]", "[true]", "[[1]]",
        "[18446744073709551616]", "[18446744073709551615]", "[1e999]",
        "[4611686018427387904,4611686018427387904]", "[4611686018427387904,4611686018427387904,0]",
        "[65536,65536,65536,65536]", "[4611686018427387904]"}) {
    const auto parsed =
        parse("{\"a\":{\"dtype\":\"F64\",\"data_offsets\":[0,1],\"shape\":" + shape + "}}", 1);
    EXPECT_EQ(codes(parsed.diagnostics), "E408") << shape << parsed.text();
  }
}

TEST(Header, RefusesAbsurdRank) {
  std::string shape = "1";
  for (std::size_t i = 1; i < max_tensor_rank; ++i) shape += ",1";
  const std::string rest = R"("dtype":"U8","data_offsets":[0,1],"shape":[)";
  EXPECT_TRUE(parse(tensor_a(rest + shape + "]"), 1).tensors);
  EXPECT_EQ(codes(parse(tensor_a(rest + shape + ",1]"), 1).diagnostics), "E408");
}

TEST(Header, Fault24RefusesBadOffsets) {
  for (const std::string offsets :
       {"[-1,1]", "[0.0,1]", "[0,1e0]", "[0,18446744073709551616]", "[0]", "[]", "[0,1,1]",
        "[0,\"1\"]", "[0,null]", "[0,[1]]", "[0,1e999]"}) {
    const auto parsed =
        parse("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":" + offsets + "}}", 1);
    EXPECT_EQ(codes(parsed.diagnostics), "E409") << offsets << parsed.text();
  }
}

TEST(Header, Fault25RefusesABeginAfterTheEnd) {
  const auto parsed = parse(tensor_a(R"("dtype":"U8","shape":[1],"data_offsets":[1,0])"), 1);
  EXPECT_EQ(codes(parsed.diagnostics), "E409");
}

TEST(Header, Fault25RefusesDataPastTheEndOfTheFile) {
  for (const std::string end : {"2", "9223372036854775808", "18446744073709551615"}) {
    const auto parsed =
        parse(tensor_a(R"("dtype":"U8","shape":[2],"data_offsets":[0,)" + end + "]"), 1);
    EXPECT_EQ(codes(parsed.diagnostics), "E410") << end;
    EXPECT_NE(parsed.text().find("probably incomplete"), std::string::npos);
  }
}

TEST(Header, Fault26RefusesOverlap) {
  const auto parsed = parse(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)"
                            R"("b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}})",
                            6);
  EXPECT_EQ(described(parsed.diagnostics),
            "E411 tensor 'b' begins at byte 2 of the data, inside tensor 'a', which ends at 4 "
            "[m.safetensors]\n");
}

TEST(Header, Fault26RefusesTwoTensorsOnTheSameBytes) {
  EXPECT_EQ(codes(parse(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)"
                        R"("b":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})",
                        4)
                      .diagnostics),
            "E411");
}

TEST(Header, Fault27RefusesHolesAndTrailingBytes) {
  EXPECT_EQ(
      codes(parse(tensor_a(R"("dtype":"U8","shape":[1],"data_offsets":[1,2])"), 2).diagnostics),
      "E412");
  EXPECT_EQ(
      codes(parse(tensor_a(R"("dtype":"U8","shape":[1],"data_offsets":[0,1])"), 2).diagnostics),
      "E413");
  EXPECT_EQ(codes(parse("{}", 1).diagnostics), "E413");
}

TEST(Header, Fault28RefusesASizeThatIsNotTheShapes) {
  const auto parsed = parse(tensor_a(R"("dtype":"F16","shape":[3,2],"data_offsets":[0,8])"), 8);
  EXPECT_EQ(described(parsed.diagnostics),
            "E414 tensor 'a' has 8 bytes of data, but F16 [3, 2] takes 12 [m.safetensors]\n");
}

TEST(Header, Fault29RefusesFractionsOfAByte) {
  EXPECT_EQ(
      codes(parse(tensor_a(R"("dtype":"F4","shape":[3],"data_offsets":[0,2])"), 2).diagnostics),
      "E415");
  EXPECT_EQ(
      codes(
          parse(tensor_a(R"("dtype":"F6_E2M3","shape":[2],"data_offsets":[0,2])"), 2).diagnostics),
      "E415");
  EXPECT_TRUE(parse(tensor_a(R"("dtype":"F6_E2M3","shape":[4],"data_offsets":[0,3])"), 3).tensors);
}

TEST(Header, Fault32RefusesMetadataThatIsNoText) {
  for (const std::string value : {"1", "null", "true", "1.5", "-3", "{}", "[]", "{\"a\":\"b\"}"}) {
    const auto parsed = parse("{\"__metadata__\":{\"k\":" + value + "}}", 0);
    EXPECT_EQ(codes(parsed.diagnostics), "E416") << value << parsed.text();
  }
}

TEST(Header, Fault33LimitsAndEscapesNames) {
  const std::string body = R"(":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})";
  EXPECT_TRUE(parse("{\"" + std::string(max_tensor_name_bytes, 'n') + body, 1).tensors);
  const auto parsed = parse("{\"" + std::string(1'000'000, 'n') + body, 1);
  EXPECT_EQ(codes(parsed.diagnostics), "E417");
  EXPECT_LT(parsed.text().size(), 500u);
  const auto hostile =
      parse(R"({"\u001b[2J\u202e":{"dtype":"X","shape":[1],"data_offsets":[0,1]}})", 1);
  EXPECT_EQ(described(hostile.diagnostics),
            "E407 tensor '\\x1b[2J\\u{202e}' has the unknown dtype 'X' [m.safetensors]\n");
}

TEST(Header, CountsWhatItDoesNotRepeat) {
  std::string json = "{";
  for (int i = 0; i < 5000; ++i) {
    if (i > 0) json += ',';
    json += "\"t" + std::to_string(i) + "\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[" +
            std::to_string(i) + "," + std::to_string(i + 1) + "]}";
  }
  const auto parsed = parse(json + "}", 10);
  EXPECT_EQ(codes(parsed.diagnostics), "E410");
  EXPECT_NE(parsed.text().find("'t10'"), std::string::npos);
  EXPECT_NE(parsed.text().find("4,989 more"), std::string::npos);
}

TEST(Header, ReportsEveryKindInOneRun) {
  const auto parsed = parse(R"({"a":{"dtype":"X","shape":[1],"data_offsets":[0,1]},)"
                            R"("b":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]},)"
                            R"("c":{"dtype":"U8","shape":[2],"data_offsets":[0,1]}})",
                            1);
  EXPECT_EQ(codes(parsed.diagnostics), "E407 E408 E414");
}

TEST(Header, SurvivesDeepNesting) {
  const std::string deep = "{\"a\":" + std::string(100'000, '[');
  EXPECT_EQ(codes(parse(deep, 0).diagnostics), "E406");
}

TEST(Header, Fault30WritesWhatItReads) {
  std::vector<TensorInfo> tensors(3);
  tensors[0] = {"model.\"odd\"\n", DType::bf16, {2, 3}, 0, 0, 12};
  tensors[1] = {"empty", DType::f32, {0, 4}, 0, 0, 0};
  tensors[2] = {"scalar", DType::f64, {}, 0, 0, 8};
  const std::string bytes = write_safetensors_header(tensors);
  EXPECT_EQ(bytes.size() % 8, 0u);
  const std::string json = bytes.substr(8);
  EXPECT_EQ(bytes.substr(0, 8), length_prefix(json.size()));
  EXPECT_TRUE(json.starts_with(R"({"__metadata__":{"format":"pt"},"model.)")) << json;
  const auto parsed = parse(json, 20);
  ASSERT_TRUE(parsed.tensors) << parsed.text();
  const auto start = static_cast<std::int64_t>(bytes.size());
  EXPECT_EQ((*parsed.tensors)[0].name, tensors[0].name);
  EXPECT_EQ((*parsed.tensors)[0].offset, start);
  EXPECT_EQ((*parsed.tensors)[1].shape, tensors[1].shape);
  EXPECT_EQ((*parsed.tensors)[2].offset, start + 12);
  EXPECT_TRUE(parse(write_safetensors_header({}, {}).substr(8), 0).tensors);
}

TEST(Header, Fault18TakesAMillionTensors) {
#ifdef __OPTIMIZE__
  constexpr std::int64_t count = 1'000'000;
#else
  constexpr std::int64_t count = 100'000;  // the parser is ten times slower here
#endif
  std::string json = "{";
  for (std::int64_t i = 0; i < count; ++i) {
    if (i > 0) json += ',';
    json += "\"layers." + std::to_string(i) +
            ".w\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[" + std::to_string(i) + "," +
            std::to_string(i + 1) + "]}";
  }
  const auto parsed = parse(json + "}", count);
  ASSERT_TRUE(parsed.tensors) << parsed.text();
  EXPECT_EQ(parsed.tensors->size(), static_cast<std::size_t>(count));
}

}  // namespace
}  // namespace inarch
