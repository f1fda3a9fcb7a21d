#include <functional>

#include <gtest/gtest.h>

#include "compiler/plan/plan_json.h"
#include "tests/unit/plan/plan_maker.h"

namespace inarch {
namespace {

Op read_at(std::int64_t offset, DType dtype, std::int64_t count) {
  return op(ReadOp{false, 0, 0, offset, dtype}, {}, count);
}

struct Sample {
  Encoding encoding;
  std::vector<std::pair<DType, std::int64_t>> parts;  // as they are stored
};

Sample fp8() {
  Encoding e;
  e.rows = 5;
  e.columns = 6;
  e.block_rows = e.block_columns = 4;
  e.parts = {PartRole::codes, PartRole::scales};
  return {e, {{DType::f8_e4m3, 30}, {DType::f32, 4}}};
}

/// Made by division, with a scale a row in bf16.
Sample divided_fp8() {
  Encoding e;
  e.rows = 5;
  e.columns = 6;
  e.block_columns = 6;
  e.scale = DType::bf16;
  e.divides = true;
  e.parts = {PartRole::codes, PartRole::scales};
  return {e, {{DType::f8_e4m3, 30}, {DType::bf16, 5}}};
}

Sample nested_bnb() {
  Encoding e;
  e.codec = Codec::bnb4;
  e.columns = 33;
  e.block_columns = 16;
  e.nested_block = 2;
  e.nested_offset = 0.125;
  e.parts = {PartRole::codes, PartRole::scales, PartRole::map, PartRole::nested_scales,
             PartRole::nested_map};
  return {e,
          {{DType::u8, 17}, {DType::u8, 3}, {DType::f32, 16}, {DType::f32, 2}, {DType::f32, 256}}};
}

Sample gptq() {
  Encoding e;
  e.codec = Codec::gptq;
  e.rows = 16;
  e.columns = 32;
  e.block_columns = 8;
  e.scale = DType::f16;
  e.zero_minus_one = true;
  e.parts = {PartRole::codes, PartRole::scales, PartRole::zeros, PartRole::groups, PartRole::other};
  return {e,
          {{DType::i32, 64}, {DType::f16, 64}, {DType::i32, 8}, {DType::i32, 32}, {DType::u8, 9}}};
}

Sample mxfp4() {
  Encoding e;
  e.codec = Codec::packed_e2m1;
  e.matrices = 2;
  e.rows = 3;
  e.columns = 64;
  e.block_columns = 32;
  e.scale = DType::f8_e8m0;
  e.parts = {PartRole::codes, PartRole::scales};
  return {e, {{DType::i8, 192}, {DType::u8, 12}}};
}

/// One output that decodes the sample.
Plan decoding(const Sample& sample) {
  PlanMaker maker;
  PlanSource source{"text", "models/text", {}};
  source.files.push_back({"models/text/model.safetensors", "model.safetensors", 1'000'000, 1, 2,
                          std::string(64, 'b')});
  maker.plan.sources.push_back(source);
  Program program;
  std::vector<std::uint32_t> inputs;
  for (const auto& [dtype, count] : sample.parts) {
    inputs.push_back(static_cast<std::uint32_t>(program.size()));
    program.push_back(read_at(1000 * static_cast<std::int64_t>(inputs.size()), dtype, count));
  }
  const std::int64_t count = sample.encoding.count();
  program.push_back(
      op(DecodeOp{std::make_shared<const Encoding>(sample.encoding), "a.weight"}, inputs, count));
  maker.compute("a.weight", DType::bf16, {count}, std::move(program));
  return maker.finish();
}

DecodeOp& decode_of(Plan& plan) {
  return std::get<DecodeOp>(std::get<ComputeStep>(plan.steps[0].work).program.back().data);
}

TEST(EncodedPlan, ReadsWhatItWrote) {
  for (const Sample& sample : {fp8(), divided_fp8(), nested_bnb(), gptq(), mxfp4()}) {
    const std::string text = write_plan(decoding(sample));
    auto plan = read_plan(text, "plan.json");
    ASSERT_TRUE(plan.ok()) << plan.error().message;
    EXPECT_EQ(write_plan(*plan), text);
    EXPECT_EQ(*decode_of(*plan).encoding, sample.encoding);
    EXPECT_EQ(decode_of(*plan).name, "a.weight");
  }
}

/// The code of what reading says to a sample's plan when the encoding and how its parts are read
/// have changed.
std::string verdict(const Sample& sample, const std::function<void(Sample&)>& change) {
  Plan plan = decoding(sample);
  Sample changed = sample;
  change(changed);
  decode_of(plan).encoding = std::make_shared<const Encoding>(changed.encoding);
  Program& program = std::get<ComputeStep>(plan.steps[0].work).program;
  for (std::size_t k = 0; k < changed.parts.size(); ++k) {
    std::get<ReadOp>(program[k].data).dtype = changed.parts[k].first;
    program[k].count = changed.parts[k].second;
  }
  const auto read = read_plan(write_plan(plan), "plan.json");
  return read.ok() ? "fine" : read.error().code;
}

/// Whoever wrote a plan: what it says of an encoding never leads beyond the parts that it names.
TEST(EncodedPlan, RejectsSizesThatLeadBeyondTheParts) {
  const std::function<void(Sample&)> of_fp8[] = {
      [](Sample& s) { s.encoding.rows = 6; },
      [](Sample& s) { s.encoding.matrices = 2; },
      [](Sample& s) { s.encoding.columns = 0; },
      [](Sample& s) { s.encoding.columns = -6; },
      [](Sample& s) { s.encoding.rows = INT64_MAX; },
      [](Sample& s) { s.encoding.block_rows = 0; },
      [](Sample& s) { s.encoding.block_rows = 2; },
      [](Sample& s) { s.encoding.block_columns = INT64_MAX; },
      [](Sample& s) { s.encoding.code = DType::f8_e5m2; },
      [](Sample& s) { s.encoding.code = s.parts[0].first = DType::f32; },
      [](Sample& s) { s.encoding.scale = s.parts[1].first = DType::i64; },
      [](Sample& s) { s.encoding.scale = DType::bf16; },
      [](Sample& s) { s.encoding.nested_block = 2; },
      [](Sample& s) { s.encoding.parts.pop_back(); },
      [](Sample& s) {
        s.encoding.parts = {PartRole::codes, PartRole::codes};
      },
      [](Sample& s) { s.encoding.codec = Codec::bnb4; },
      [](Sample& s) { s.encoding.codec = Codec::packed_int; },
      [](Sample& s) { s.parts[0].second = 29; },
      [](Sample& s) { s.parts[1].second = 5; },
  };
  EXPECT_EQ(verdict(fp8(), [](Sample&) {}), "fine");
  for (std::size_t k = 0; k < std::size(of_fp8); ++k)
    EXPECT_EQ(verdict(fp8(), of_fp8[k]), "E612") << k;
}

TEST(EncodedPlan, RejectsWhatOtherCodecsDoNotHave) {
  const std::pair<Sample, std::function<void(Sample&)>> changes[] = {
      {nested_bnb(), [](Sample& s) { s.encoding.nested_block = 1; }},
      {nested_bnb(), [](Sample& s) { s.encoding.nested_block = -2; }},
      {nested_bnb(), [](Sample& s) { s.encoding.nested_block = INT64_MAX; }},
      {nested_bnb(), [](Sample& s) { s.encoding.parts[2] = PartRole::other; }},
      {nested_bnb(), [](Sample& s) { s.parts[1].first = DType::f32; }},
      {nested_bnb(), [](Sample& s) { s.encoding.rows = 3, s.encoding.columns = 11; }},
      {nested_bnb(), [](Sample& s) { s.encoding.block_rows = 2; }},
      {gptq(), [](Sample& s) { s.encoding.bits = 3; }},
      {gptq(), [](Sample& s) { s.encoding.bits = 8; }},
      {gptq(), [](Sample& s) { s.encoding.bits = 64; }},
      {gptq(), [](Sample& s) { s.encoding.block_rows = 2; }},
      {gptq(), [](Sample& s) { s.encoding.block_columns = 16; }},
      {gptq(), [](Sample& s) { s.encoding.rows = 12; }},
      {gptq(), [](Sample& s) { s.parts[3].first = DType::i64; }},
      {mxfp4(), [](Sample& s) { s.encoding.block_rows = 3, s.parts[1].second = 4; }},
      {mxfp4(), [](Sample& s) { s.encoding.block_columns = 48; }},
      {mxfp4(), [](Sample& s) { s.encoding.scale = DType::f32; }},
  };
  for (std::size_t k = 0; k < std::size(changes); ++k)
    EXPECT_EQ(verdict(changes[k].first, changes[k].second), "E612") << k;
}

TEST(EncodedPlan, APartMustBeReadAsItLies) {
  Plan plan = decoding(fp8());
  Program& program = std::get<ComputeStep>(plan.steps[0].work).program;
  program.insert(program.begin() + 1, op(ViewOp{0, {{30, 1}}}, {0}, 30));
  program.back().inputs = {1, 2};
  const auto read = read_plan(write_plan(plan), "plan.json");
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code, "E612");
}

TEST(EncodedPlan, AMoveStepDecodesNothing) {
  Plan plan = decoding(fp8());
  plan.steps[0].work = MoveStep{std::get<ComputeStep>(plan.steps[0].work).program};
  const auto read = read_plan(write_plan(plan), "plan.json");
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code, "E612");
}

TEST(EncodedPlan, UnknownWordsAreRefused) {
  const std::string text = write_plan(decoding(gptq()));
  const auto code = [&](const std::string& from, const std::string& to) {
    std::string changed = text;
    changed.replace(changed.find(from), from.size(), to);
    const auto plan = read_plan(changed, "plan.json");
    return plan.ok() ? "fine" : plan.error().code;
  };
  EXPECT_EQ(code("\"codec\":\"gptq\"", "\"codec\":\"gptr\""), "E611");
  EXPECT_EQ(code("\"groups\"", "\"grouped\""), "E611");
  EXPECT_EQ(code("\"zero_minus_one\":true", "\"zero_minus_one\":1"), "E611");
  EXPECT_EQ(code("\"shape\":[1,16,32]", "\"shape\":[16,32]"), "E611");
  EXPECT_EQ(code("\"bits\":4", "\"bats\":4"), "E611");
}

}  // namespace
}  // namespace inarch
