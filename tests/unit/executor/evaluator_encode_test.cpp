// Every part of every encoding, in ranges of any size and with exactly the memory that is stated,
// against the codecs called once for the whole tensor; and decoded again from what was stored.

#include <cstring>
#include <random>

#include <gtest/gtest.h>

#include "compiler/plan/plan_check.h"
#include "runtime/codecs/bnb4.h"
#include "runtime/codecs/bnb_nested.h"
#include "runtime/codecs/e8m0.h"
#include "runtime/codecs/packed_e2m1.h"
#include "runtime/codecs/scaled_fp8.h"
#include "runtime/executor/evaluator.h"
#include "runtime/kernels/convert.h"
#include "tests/unit/executor/checkpoint_maker.h"
#include "tests/unit/plan/plan_maker.h"

namespace inarch {
namespace {

using Bytes = std::string;

Bytes bytes_of_floats(const std::vector<float>& values) {
  Bytes bytes(values.size() * sizeof(float), '\0');
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

Encoding fp8(std::int64_t rows, std::int64_t columns, std::int64_t block, DType scale) {
  Encoding e;
  e.rows = rows;
  e.columns = columns;
  e.block_rows = e.block_columns = block;
  e.scale = scale;
  e.parts = {PartRole::codes, PartRole::scales};
  return e;
}

/// As compressed-tensors has it.
Encoding divided_fp8(std::int64_t rows, std::int64_t columns, std::int64_t block_rows,
                     std::int64_t block_columns, DType scale) {
  Encoding e = fp8(rows, columns, 1, scale);
  e.block_rows = block_rows;
  e.block_columns = block_columns;
  e.divides = true;
  return e;
}

Encoding mxfp4_of(std::int64_t rows, std::int64_t columns) {
  Encoding e;
  e.codec = Codec::packed_e2m1;
  e.rows = rows;
  e.columns = columns;
  e.block_columns = 32;
  e.scale = DType::f8_e8m0;
  e.parts = {PartRole::codes, PartRole::scales};
  return e;
}

Encoding bnb(std::int64_t count, std::int64_t block, bool fp4, bool nested) {
  Encoding e;
  e.codec = Codec::bnb4;
  e.columns = count;
  e.block_columns = block;
  e.fp4_map = fp4;
  e.state = "{" + (nested ? offset_blank() : R"("blocksize": 64)") + "}";
  e.parts = {PartRole::codes, PartRole::scales, PartRole::map};
  if (nested) {
    e.nested_block = 256;
    e.parts.push_back(PartRole::nested_scales);
    e.parts.push_back(PartRole::nested_map);
  }
  e.parts.push_back(PartRole::state);
  return e;
}

DType stored_as(const Encoding& e, PartRole role) {
  for (const DType dtype :
       {DType::u8, DType::f8_e4m3, DType::f8_e8m0, DType::f32, DType::bf16, DType::f16}) {
    if (role == PartRole::scales && e.scale == DType::f8_e8m0 && dtype == DType::u8) continue;
    if (part_dtype_fits(e, role, dtype)) return dtype;
  }
  return DType::i32;
}

unsigned char* raw(Bytes& bytes) {
  return static_cast<unsigned char*>(static_cast<void*>(bytes.data()));
}

std::vector<Bytes> divide_whole(const Encoding& e, const std::vector<float>& values) {
  const auto n = static_cast<std::int64_t>(values.size());
  const BlockGrid grid{e.rows, e.columns, e.block_rows, e.block_columns};
  std::vector<float> scales(static_cast<std::size_t>(e.block_count()));
  block_magnitudes(grid, values.data(), 0, n, scales.data());
  for (float& scale : scales) scale = fp8_dividing_scale(e.scale, scale);
  Bytes codes(values.size(), '\0');
  encode_divided_fp8(grid, scales.data(), 0, n, values.data(), raw(codes));
  Bytes stored(scales.size() * static_cast<std::size_t>(bytes(e.scale)), '\0');
  encode(e.scale, scales.data(), e.block_count(), stored.data());
  return {codes, stored};
}

/// What the codecs make of the whole tensor, part by part.
std::vector<Bytes> encode_whole(const Encoding& e, const std::vector<float>& values) {
  const auto n = static_cast<std::int64_t>(values.size());
  const auto blocks = static_cast<std::size_t>(e.block_count());
  std::vector<float> scales(blocks);
  Bytes codes(static_cast<std::size_t>(*part_count(e, PartRole::codes)), '\0');
  Bytes exponents(blocks, '\0');
  if (e.divides) return divide_whole(e, values);
  if (e.codec == Codec::scaled_fp8) {
    const BlockGrid grid{e.rows, e.columns, e.block_rows, e.block_columns};
    std::vector<float> multipliers(blocks);
    block_magnitudes(grid, values.data(), 0, n, scales.data());
    for (std::size_t k = 0; k < blocks; ++k) {
      const float magnitude = scales[k];
      const bool powers = e.scale == DType::f8_e8m0;
      if (powers) scales[k] = fp8_power_of_two_scale(e.code, magnitude);
      multipliers[k] = powers ? 1 / scales[k] : fp8_multiplier(e.code, magnitude);
      if (!powers) scales[k] = 1 / multipliers[k];
    }
    encode_scaled_fp8(e.code, grid, multipliers.data(), 0, n, values.data(), raw(codes));
    encode_e8m0(scales.data(), e.block_count(), raw(exponents));
    return {codes, e.scale == DType::f32 ? bytes_of_floats(scales) : exponents};
  }
  if (e.codec == Codec::packed_e2m1) {
    group_magnitudes(values.data(), e.block_columns, n, scales.data());
    for (float& scale : scales) scale = e2m1_scale(scale);
    encode_e2m1(values.data(), scales.data(), e.block_columns, n, raw(codes));
    encode_e8m0(scales.data(), e.block_count(), raw(exponents));
    return {codes, exponents};
  }
  const Bnb4Kind kind = e.fp4_map ? Bnb4Kind::fp4 : Bnb4Kind::nf4;
  bnb4_absmax(values.data(), e.block_columns, n, scales.data());
  encode_bnb4(kind, values.data(), scales.data(), e.block_columns, n, raw(codes));
  const auto& map = bnb4_map(kind);
  const Bytes map_bytes = bytes_of_floats({map.begin(), map.end()});
  if (e.nested_block == 0) return {codes, bytes_of_floats(scales), map_bytes, e.state};
  const auto nested_map = bnb_dynamic_map();
  const float offset = nested_offset(scales.data(), e.block_count());
  std::vector<float> nested(static_cast<std::size_t>(*part_count(e, PartRole::nested_scales)));
  encode_nested_absmax(scales.data(), offset, nested_map.data(), e.nested_block, e.block_count(),
                       nested.data(), raw(exponents));
  return {codes,
          exponents,
          map_bytes,
          bytes_of_floats(nested),
          bytes_of_floats({nested_map.begin(), nested_map.end()}),
          state_with_offset(e.state, double{offset})};
}

/// What stands for the values once they are encoded.
std::vector<float> decode_whole(const Encoding& e, const std::vector<Bytes>& parts,
                                const std::vector<float>& values) {
  const auto n = static_cast<std::int64_t>(values.size());
  std::vector<float> scales(static_cast<std::size_t>(e.block_count()));
  std::vector<float> decoded(values.size());
  Bytes codes = parts[0], stored = parts[1];
  if (e.scale == DType::f8_e8m0) {
    decode_e8m0(raw(stored), e.block_count(), scales.data());
  } else if (e.nested_block > 0) {
    std::vector<float> nested(parts[3].size() / sizeof(float)), map(256);
    std::memcpy(nested.data(), parts[3].data(), parts[3].size());
    std::memcpy(map.data(), parts[4].data(), parts[4].size());
    decode_nested_absmax(raw(stored), map.data(), nested.data(),
                         static_cast<float>(*offset_in_state(parts[5])), e.nested_block, 0,
                         e.block_count(), scales.data());
  } else {
    decode(e.scale, stored.data(), e.block_count(), scales.data());
  }
  if (e.codec == Codec::scaled_fp8) {
    decode_scaled_fp8(e.code, {e.rows, e.columns, e.block_rows, e.block_columns}, raw(codes),
                      scales.data(), 0, n, decoded.data());
  } else if (e.codec == Codec::packed_e2m1) {
    decode_e2m1(raw(codes), scales.data(), e.block_columns, 0, n, decoded.data());
  } else {
    decode_bnb4(raw(codes), bnb4_map(e.fp4_map ? Bnb4Kind::fp4 : Bnb4Kind::nf4).data(),
                scales.data(), e.block_columns, 0, n, decoded.data());
  }
  return decoded;
}

std::vector<Encoding> all_encodings() {
  std::vector<Encoding> all = {fp8(40, 96, 32, DType::f32),
                               fp8(37, 101, 32, DType::f8_e8m0),
                               fp8(5, 7, 128, DType::f32),
                               divided_fp8(37, 101, 1, 101, DType::bf16),
                               divided_fp8(37, 101, 37, 101, DType::f32),
                               divided_fp8(37, 101, 32, 24, DType::f16),
                               mxfp4_of(9, 96),
                               mxfp4_of(1, 32),
                               bnb(37 * 101, 64, false, false),
                               bnb(4096, 64, true, false),
                               bnb(777, 32, true, true),
                               bnb(33'000, 64, false, true),
                               bnb(33'001, 32, false, true)};
  for (Encoding& e : all) EXPECT_EQ(find_fault(e) + find_encoding_fault(e), "");
  return all;
}

class EvaluatorEncodeTest : public testing::Test {
 protected:
  /// A file with the tensors of `maker`, open for reading.
  void open(CheckpointMaker& maker, const std::string& name) {
    PlanMaker plan;
    plan.plan.sources.push_back(maker.write(directory_, name));
    plan.compute("unused", DType::f32, {1}, {op(FillOp{0}, {}, 1)});
    plan_ = plan.finish();
    Diagnostics diagnostics;
    inputs_ = std::make_unique<InputFiles>();
    ASSERT_TRUE(inputs_->open_sources(plan_, diagnostics));
  }

  /// The bytes that the program gives, `width` each, in ranges of random sizes and order.
  Bytes evaluate(const Program& program, const Evaluation& how, DType dtype, int width) {
    const auto last = static_cast<std::uint32_t>(program.size() - 1);
    const std::int64_t count = program.back().count;
    const std::int64_t making = scratch::materialise_bytes(program, how);
    const std::int64_t unit =
        scratch::unit_cache_bytes(program, how) + scratch::stack_bytes(program, last, how);
    Arena arena(std::max(unit, making));
    Evaluator evaluator(program, how, dtype, *inputs_, arena);
    Materialised shared;
    arena.set_limit(making);
    const Status made = evaluator.materialise(shared);
    if (!made) return made.error().code;
    arena.set_limit(unit);
    evaluator.open_cache();
    evaluator.use(&shared);
    Bytes result(static_cast<std::size_t>(count * width), '\0');
    auto* bytes = static_cast<std::byte*>(static_cast<void*>(result.data()));
    std::vector<std::pair<std::int64_t, std::int64_t>> ranges;
    for (std::int64_t begin = 0, n = 0; begin < count; begin += n) {
      n = std::min(count - begin, static_cast<std::int64_t>(random_() % 5000) % how.tile + 1);
      ranges.emplace_back(begin, n);
    }
    std::shuffle(ranges.begin(), ranges.end(), random_);
    for (const auto& [begin, n] : ranges) {
      EXPECT_TRUE(evaluator.evaluate(begin, n, bytes + begin * width));
    }
    return result;
  }

  Evaluation random_cut(int width) {
    const std::int64_t tiles[] = {1, 13, 100, 1024, 100'000};
    return {false, width, tiles[random_() % 5], 1000, static_cast<std::int64_t>(random_() % 3000)};
  }

  std::vector<float> random_values(std::int64_t n) {
    std::normal_distribution<float> normal(0.0F, 0.05F);
    std::vector<float> values(static_cast<std::size_t>(n));
    for (float& value : values) value = normal(random_);
    for (std::size_t i = 100; i < std::min<std::size_t>(values.size(), 180); ++i) values[i] = 0;
    return values;
  }

  TemporaryDirectory directory_;
  std::mt19937_64 random_{3};
  Plan plan_;
  std::unique_ptr<InputFiles> inputs_;
};

TEST_F(EvaluatorEncodeTest, PartsAreThoseOfTheCodecsHoweverTheyAreCut) {
  int number = 0;
  for (const Encoding& e : all_encodings()) {
    for (const DType dtype : {DType::f32, DType::f64}) {
      const std::vector<float> values = random_values(e.count());
      CheckpointMaker maker;
      maker.add("w", dtype, {e.count()}, std::vector<double>(values.begin(), values.end()));
      open(maker, std::to_string(number++));
      const std::vector<Bytes> expected = encode_whole(e, values);
      const auto encoding = std::make_shared<const Encoding>(e);
      for (std::size_t k = 0; k < e.parts.size(); ++k) {
        const std::int64_t count = *part_count(e, e.parts[k]);
        const DType stored = stored_as(e, e.parts[k]);
        const Program program = {maker.read("w"),
                                 op(EncodeOp{encoding, e.parts[k], "w"}, {0}, count)};
        for (int round = 0; round < 3; ++round) {
          const Evaluation how = random_cut(dtype == DType::f64 ? 8 : 4);
          ASSERT_EQ(evaluate(program, how, stored, bytes(stored)), expected[k])
              << describe(e) << ", " << name(e.parts[k]) << ", tile " << how.tile;
        }
      }
    }
  }
}

TEST_F(EvaluatorEncodeTest, WhatWasStoredIsDecoded) {
  int number = 0;
  for (const Encoding& e : all_encodings()) {
    const std::vector<float> values = random_values(e.count());
    const std::vector<Bytes> parts = encode_whole(e, values);
    CheckpointMaker maker;
    for (std::size_t k = 0; k < parts.size(); ++k) {
      maker.add(std::string(name(e.parts[k])), stored_as(e, e.parts[k]),
                {*part_count(e, e.parts[k])}, parts[k]);
    }
    open(maker, std::to_string(number++));
    Program program;
    std::vector<std::uint32_t> inputs;
    for (const PartRole role : e.parts) {
      inputs.push_back(static_cast<std::uint32_t>(program.size()));
      program.push_back(maker.read(std::string(name(role))));
    }
    program.push_back(op(DecodeOp{std::make_shared<const Encoding>(e), "w"}, inputs, e.count()));
    const Bytes expected = bytes_of_floats(decode_whole(e, parts, values));
    for (int round = 0; round < 3; ++round) {
      const Evaluation how = random_cut(4);
      ASSERT_TRUE(evaluate(program, how, DType::f32, 4) == expected)
          << describe(e) << ", tile " << how.tile;
    }
  }
}

TEST_F(EvaluatorEncodeTest, ValuesThatAreNotFiniteAreAnError) {
  int number = 0;
  for (const float bad : {std::numeric_limits<float>::infinity(), std::nanf("")}) {
    for (const Encoding& e :
         {fp8(8, 32, 16, DType::f32), fp8(8, 32, 16, DType::f8_e8m0),
          divided_fp8(8, 32, 1, 32, DType::bf16), mxfp4_of(8, 32), bnb(256, 64, false, true)}) {
      std::vector<double> values(256, 1);
      values[200] = double{bad};
      CheckpointMaker maker;
      maker.add("w", DType::f32, {256}, values);
      open(maker, std::to_string(number++));
      const auto encoding = std::make_shared<const Encoding>(e);
      const Program program = {maker.read("w"),
                               op(EncodeOp{encoding, PartRole::scales, "w"}, {0}, e.block_count())};
      EXPECT_EQ(evaluate(program, random_cut(4), DType::f32, 4), "E722") << describe(e);
    }
  }
}

TEST_F(EvaluatorEncodeTest, ScalesThatDoNotFitAreAnError) {
  CheckpointMaker maker;
  maker.add("w", DType::f32, {256}, std::vector<double>(256, 1e9));
  open(maker, "large");
  for (const DType scale : {DType::f16, DType::bf16}) {
    const auto e = std::make_shared<const Encoding>(divided_fp8(8, 32, 1, 32, scale));
    const Program program = {maker.read("w"),
                             op(EncodeOp{e, PartRole::scales, "w"}, {0}, e->block_count())};
    const Bytes result = evaluate(program, random_cut(4), scale, 2);
    EXPECT_EQ(result == "E722", scale == DType::f16);
  }
}

TEST(EncodingState, HoldsAnOffset) {
  const std::string state = "{\"a\": 1, " + offset_blank() + "}";
  for (const double offset : {0.0, 1.0, 0.1, -2.2250738585072014e-308, 0.05386638641357422}) {
    const std::string filled = state_with_offset(state, offset);
    EXPECT_EQ(filled.size(), state.size());
    EXPECT_EQ(offset_in_state(filled), std::optional(offset)) << filled;
  }
  EXPECT_EQ(offset_in_state(state), std::nullopt);
  EXPECT_EQ(offset_in_state("{}"), std::nullopt);
  EXPECT_EQ(offset_in_state("{\"nested_offset\": nan }"), std::nullopt);
}

}  // namespace
}  // namespace inarch
