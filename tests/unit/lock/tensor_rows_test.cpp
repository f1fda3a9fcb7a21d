#include "runtime/lock/tensor_rows.h"

#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "compiler/core/json.h"

namespace inarch {
namespace {

TensorInfo tensor(std::string name, Shape shape = {2, 3}, DType dtype = DType::bf16) {
  TensorInfo info;
  info.name = std::move(name);
  info.dtype = dtype;
  info.shape = std::move(shape);
  info.bytes = info.elements() * bits(dtype) / 8;
  return info;
}

std::string folded(const std::vector<TensorInfo>& tensors, const TensorBytes& bytes = {}) {
  return write_json(Value(fold_tensors(tensors, bytes, 0)), JsonStyle::compact);
}

/// Names, dtypes, shapes and bytes, in order.
std::string listed(const std::vector<TensorInfo>& tensors, const TensorBytes& bytes) {
  std::string out;
  for (std::size_t k = 0; k < tensors.size(); ++k) {
    const auto known = bytes.find(static_cast<std::uint32_t>(k));
    out += fmt::format("{} {} {} {} {}\n", tensors[k].name, name(tensors[k].dtype),
                       format_shape(tensors[k].shape), tensors[k].bytes,
                       known == bytes.end() ? "-" : known->second);
  }
  return out;
}

void expect_round_trip(const std::vector<TensorInfo>& tensors, const TensorBytes& bytes = {}) {
  RowBudget budget;
  std::vector<TensorInfo> back;
  TensorBytes back_bytes;
  const Status read =
      unfold_tensors(Value(fold_tensors(tensors, bytes, 0)), budget, back, back_bytes);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(listed(back, back_bytes), listed(tensors, bytes));
}

std::string fault_of_rows(const std::string& rows, RowBudget budget = {}) {
  std::vector<TensorInfo> tensors;
  TensorBytes bytes;
  const Status read = unfold_tensors(*parse_json(rows, "rows"), budget, tensors, bytes);
  return read.ok() ? "" : read.error().message;
}

TEST(TensorRows, LayersAreALoop) {
  std::vector<TensorInfo> tensors = {tensor("embed", {16, 4})};
  for (int layer = 0; layer < 12; ++layer) {
    tensors.push_back(tensor(fmt::format("layers.{}.q", layer)));
    tensors.push_back(tensor(fmt::format("layers.{}.norm", layer), {4}));
  }
  EXPECT_EQ(folded(tensors),
            R"([["embed", "bf16", [16, 4]], {"for": "0-11", "tensors": )"
            R"([["layers.{0}.q", "bf16", [2, 3]], ["layers.{0}.norm", "bf16", [4]]]}])");
  expect_round_trip(tensors);
}

TEST(TensorRows, ExpertsAreALoopInALoop) {
  std::vector<TensorInfo> tensors;
  for (int layer = 3; layer < 7; ++layer) {
    tensors.push_back(tensor(fmt::format("l.{}.gate", layer)));
    for (int expert = 0; expert < 200; ++expert) {
      tensors.push_back(tensor(fmt::format("l.{}.e.{}.up", layer, expert)));
      tensors.push_back(tensor(fmt::format("l.{}.e.{}.down", layer, expert)));
    }
  }
  EXPECT_EQ(folded(tensors),
            R"([{"for": "3-6", "tensors": [["l.{0}.gate", "bf16", [2, 3]], {"for": "0-199", )"
            R"("tensors": [["l.{0}.e.{1}.up", "bf16", [2, 3]], )"
            R"(["l.{0}.e.{1}.down", "bf16", [2, 3]]]}]}])");
  expect_round_trip(tensors);
}

TEST(TensorRows, OrderOfTextsIsKept) {
  std::vector<TensorInfo> tensors;
  for (const int layer : {0, 1, 10, 11, 2, 3}) {
    tensors.push_back(tensor(fmt::format("l.{}.a", layer)));
    tensors.push_back(tensor(fmt::format("l.{}.b", layer)));
  }
  EXPECT_EQ(folded(tensors), R"([{"for": "0-1,10-11,2-3", "tensors": )"
                             R"([["l.{0}.a", "bf16", [2, 3]], ["l.{0}.b", "bf16", [2, 3]]]}])");
  expect_round_trip(tensors);
}

TEST(TensorRows, KindsOfLayersThatAlternate) {
  std::vector<TensorInfo> tensors;
  for (int layer = 0; layer < 10; ++layer)
    tensors.push_back(tensor(fmt::format("l.{}.q", layer), {layer % 2 ? 8 : 4}));
  EXPECT_EQ(folded(tensors), R"([{"for": "0,2,4,6,8", "tensors": [["l.{0}.q", "bf16", [4]], )"
                             R"(["l.{0+1}.q", "bf16", [8]]]}])");
  expect_round_trip(tensors);
}

TEST(TensorRows, BracesAndStrangeDigits) {
  expect_round_trip({tensor("{0}"), tensor("a{{b}}"), tensor("x.007.y"), tensor("x.008.y"),
                     tensor("99999999999999999999"), tensor(""), tensor("5"), tensor("6"),
                     tensor("7")});
}

TEST(TensorRows, BytesGoWithTheRow) {
  std::vector<TensorInfo> tensors;
  TensorBytes bytes;
  for (std::uint32_t expert = 0; expert < 30; ++expert) {
    tensors.push_back(tensor(fmt::format("e.{}.shape", expert), {2}, DType::u8));
    bytes[expert] = expert < 20 ? "ab" : std::string("\0\xFF", 2);
  }
  EXPECT_EQ(folded(tensors, bytes),
            R"([{"for": "0-19", "tensors": [["e.{0}.shape", "u8", [2], "YWI="]]}, )"
            R"({"for": "20-29", "tensors": [["e.{0}.shape", "u8", [2], "AP8="]]}])");
  expect_round_trip(tensors, bytes);
}

TEST(TensorRows, AnyOrderReadsBack) {
  std::mt19937 random(7);
  for (int round = 0; round < 60; ++round) {
    std::vector<TensorInfo> tensors;
    for (int layer = 0; layer < 6; ++layer) {
      for (int expert = 0; expert < 5; ++expert) {
        for (const char* part : {"w1", "w2", "w3"}) {
          tensors.push_back(tensor(fmt::format("l.{}.e.{}.{}", layer, expert, part),
                                   {static_cast<std::int64_t>(random() % 2)}));
        }
      }
    }
    for (int swap = 0; swap < round; ++swap)
      std::swap(tensors[random() % tensors.size()], tensors[random() % tensors.size()]);
    expect_round_trip(tensors);
  }
}

TEST(TensorRows, Faults) {
  EXPECT_EQ(fault_of_rows("{}"), "tensors is a mapping, expected a list");
  EXPECT_EQ(fault_of_rows(R"([["a", "bf16"]])"), "tensors[0] is no row [name, dtype, shape]");
  EXPECT_EQ(fault_of_rows(R"([["{0}", "bf16", []]])"),
            "tensors[0]: '{0}' has braces that stand for no loop");
  EXPECT_EQ(fault_of_rows(R"([["a", "bf17", []]])"), "tensors[0]: there is no dtype 'bf17'");
  EXPECT_EQ(fault_of_rows(R"([["a", "bf16", [-1]]])"), "tensors[0]: a shape is of sizes, not -1");
  EXPECT_EQ(fault_of_rows(R"([["a", "f4", [3]]])"),
            "tensors[0]: no tensor has the shape [3] as f4");
  EXPECT_EQ(fault_of_rows(R"([["a", "u8", [3], "YWI="]])"),
            "tensors[0]: the bytes are not 3 in base64");
  EXPECT_EQ(fault_of_rows(R"([{"for": "3-1", "tensors": []}])"),
            "tensors[0] is for '3-1', expected numbers such as 0-3,8");
  EXPECT_EQ(fault_of_rows(R"([{"for": "0-9", "tensors": []}])"), "tensors[0] is a loop of nothing");
  const std::string far = R"([{"for": "0-999999999999", "tensors": [["a.{0}", "u8", [0]]]}])";
  EXPECT_EQ(fault_of_rows(far, {1000, 1 << 20}), "there are more tensors than there is room for");
}

}  // namespace
}  // namespace inarch
