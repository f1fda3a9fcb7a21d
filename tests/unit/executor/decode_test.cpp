#include <random>

#include <gtest/gtest.h>

#include "tests/unit/executor/checkpoint_maker.h"
#include "tests/unit/executor/encoded_tensor.h"
#include "tests/unit/executor/evaluate_in_ranges.h"
#include "tests/unit/executor/oracle.h"
#include "tests/unit/executor/random_program.h"
#include "tests/unit/plan/plan_maker.h"

namespace inarch {
namespace {

/// Every sample as a source's tensors, with its values beside it.
class DecodeTest : public testing::Test {
 protected:
  void SetUp() override {
    samples_ = encoded_samples(random_);
    open();
  }

  void open() {
    CheckpointMaker fresh;
    checkpoint_ = fresh;
    for (std::size_t k = 0; k < samples_.size(); ++k) {
      const EncodedSample& sample = samples_[k];
      ASSERT_EQ(find_fault(sample.encoding), "") << sample.name;
      for (const auto& [role, part] : sample.parts) {
        const auto count = static_cast<std::int64_t>(part.values.size());
        checkpoint_.add(part_name(k, role), part.dtype, {count}, part.bytes);
      }
      const std::vector<double> values = sample.values();
      checkpoint_.add(values_name(k), DType::f32, {static_cast<std::int64_t>(values.size())},
                      values);
    }
    PlanMaker maker;
    maker.plan.sources.push_back(checkpoint_.write(directory_, "model.safetensors"));
    maker.compute("unused", DType::f32, {1}, {op(FillOp{0}, {}, 1)});
    const Plan plan = maker.finish();
    Diagnostics diagnostics;
    inputs_ = InputFiles();
    ASSERT_TRUE(inputs_.open_sources(plan, diagnostics));
  }

  static std::string part_name(std::size_t k, PartRole role) {
    return fmt::format("{}.{}", k, name(role));
  }
  static std::string values_name(std::size_t k) { return fmt::format("{}.values", k); }

  Program decoding(std::size_t k) const {
    Program program;
    std::vector<std::uint32_t> inputs;
    const Encoding& encoding = samples_[k].encoding;
    for (const PartRole role : encoding.parts) {
      inputs.push_back(static_cast<std::uint32_t>(program.size()));
      program.push_back(checkpoint_.read(part_name(k, role)));
    }
    program.push_back(op(DecodeOp{std::make_shared<const Encoding>(encoding), samples_[k].name},
                         inputs, encoding.count()));
    return program;
  }

  /// What evaluating the tensor says, which fails.
  std::string fault(std::size_t k) {
    const Program program = decoding(k);
    const Evaluation how{false, 4, 64, 64, 0};
    Arena arena(scratch::materialise_bytes(program, how));
    Evaluator evaluator(program, how, DType::f32, inputs_, arena);
    Materialised shared;
    const Status status = evaluator.materialise(shared);
    return status ? "" : status.error().code + " " + status.error().message;
  }

  std::size_t sample(const std::string& name) const {
    std::size_t k = 0;
    while (samples_[k].name != name) ++k;
    return k;
  }

  std::mt19937_64 random_{21};
  TemporaryDirectory directory_;
  CheckpointMaker checkpoint_;
  std::vector<EncodedSample> samples_;
  InputFiles inputs_;
};

TEST_F(DecodeTest, EveryCodecGivesItsValuesInAnyTiles) {
  for (std::size_t k = 0; k < samples_.size(); ++k) {
    const std::vector<double> expected = samples_[k].values();
    for (const std::int64_t tile : {1, 2, 7, 33, 10'000}) {
      for (const int width : {4, 8}) {
        const Evaluation how{false, width, tile, 64, 0};
        ASSERT_EQ(evaluate_in_ranges(decoding(k), how, DType::f32, inputs_, random_), expected)
            << samples_[k].name << " " << k << ", tile " << tile << ", width " << width;
      }
    }
  }
}

/// Programs whose one read is an encoded tensor: it stands before them, seen through a view.
TEST_F(DecodeTest, RandomProgramsOverEncodedTensors) {
  for (int round = 0; round < 300; ++round) {
    const std::size_t k = random_() % samples_.size();
    Program slow = random_program(random_, {checkpoint_.read(values_name(k))}, {});
    Program program = decoding(k);
    const auto shift = static_cast<std::uint32_t>(program.size());
    for (Op each : slow) {
      for (std::uint32_t& input : each.inputs) input += shift;
      if (std::holds_alternative<ReadOp>(each.data))
        each = op(ViewOp{0, {{each.count, 1}}}, {shift - 1}, each.count);
      program.push_back(std::move(each));
    }
    const std::int64_t tiles[] = {1, 13, 100, 1024};
    const Evaluation how{false, random_() % 4 == 0 ? 8 : 4, tiles[random_() % 4], 64,
                         static_cast<std::int64_t>(random_() % 2000)};
    const auto expected = evaluate_slowly(slow, [&](const Op&) { return samples_[k].values(); });
    ASSERT_EQ(evaluate_in_ranges(program, how, DType::f32, inputs_, random_), expected)
        << "round " << round << ", " << samples_[k].name << ", tile " << how.tile;
  }
}

TEST_F(DecodeTest, ScalesThatAreNoNumbersAreToldByTheTensorsName) {
  for (const char* name : {"fp8", "nvfp4", "bnb4", "gptq", "int"}) {
    const std::size_t k = sample(name);
    EncodedSample::Part& scales = samples_[k].parts[PartRole::scales];
    scales.values.back() = std::numeric_limits<double>::quiet_NaN();
    scales.bytes = stored(scales.dtype, scales.values);
    open();
    EXPECT_EQ(fault(k), fmt::format("E721 tensor '{}' has a scale that is not a number", name));
  }
}

TEST_F(DecodeTest, AScaleOfNoExponentOrAGlobalOfZeroIsNoNumber) {
  const std::size_t mx = sample("mxfp4"), nv = sample("nvfp4"), nested = sample("bnb4 nested");
  samples_[mx].parts[PartRole::scales].bytes.front() = static_cast<char>(255);
  samples_[nv].parts[PartRole::global_scale].bytes = std::string(4, '\0');
  auto& map = samples_[nested].parts[PartRole::nested_map];
  map.bytes = stored(DType::f32, std::vector<double>(256, std::numeric_limits<double>::infinity()));
  open();
  for (const std::size_t k : {mx, nv, nested}) EXPECT_EQ(fault(k).substr(0, 4), "E721") << k;
}

TEST_F(DecodeTest, GroupsThatAreNotThereAreRefused) {
  for (std::size_t k = 0; k < samples_.size(); ++k) {
    const auto groups = samples_[k].parts.find(PartRole::groups);
    if (groups == samples_[k].parts.end()) continue;
    const std::string good = groups->second.bytes;
    for (const char octet : {'\x7f', '\xff', '\x04'}) {
      groups->second.bytes.back() = octet == '\x04' ? '\0' : octet;
      groups->second.bytes[good.size() - 4] = octet;
      open();
      EXPECT_EQ(fault(k).substr(0, 4), "E721") << samples_[k].name;
    }
    groups->second.bytes = good;
  }
}

/// Whatever lies in a source, a run reads no other memory than its own and ends with values or
/// E721.
TEST_F(DecodeTest, RandomBytesInEveryPartAreDecodedOrRefused) {
  for (int round = 0; round < 20; ++round) {
    samples_ = encoded_samples(random_);
    for (EncodedSample& sample : samples_) {
      for (auto& [role, part] : sample.parts) {
        if (random_() % 2 == 0) continue;
        for (char& octet : part.bytes) octet = static_cast<char>(random_());
      }
    }
    open();
    for (std::size_t k = 0; k < samples_.size(); ++k) {
      const std::string said = fault(k);
      if (!said.empty()) {
        ASSERT_EQ(said.substr(0, 4), "E721") << samples_[k].name;
        continue;
      }
      const Evaluation how{false, 4, 33, 64, 0};
      const auto values = evaluate_in_ranges(decoding(k), how, DType::f32, inputs_, random_);
      ASSERT_EQ(values.size(), static_cast<std::size_t>(samples_[k].encoding.count()));
    }
  }
}

}  // namespace
}  // namespace inarch
