#include "compiler/plan/plan_json.h"

#include <chrono>
#include <cstring>
#include <functional>
#include <limits>
#include <random>

#include <gtest/gtest.h>

#include "compiler/plan/plan_check.h"
#include "compiler/support/sha256.h"
#include "tests/unit/plan/plan_maker.h"

namespace inarch {
namespace {

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  if (at != std::string::npos) text.replace(at, from.size(), to);
  return text;
}

/// The code of what read_plan() says to full_plan() with one change, and its message.
std::string verdict(const std::string& from, const std::string& to) {
  const auto plan = read_plan(replaced(write_plan(full_plan()), from, to), "plan.json");
  return plan.ok() ? "fine" : plan.error().code + " " + plan.error().message;
}

TEST(PlanJson, ReadsWhatItWrote) {
  const std::string text = write_plan(full_plan());
  const auto plan = read_plan(text, "plan.json");
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  EXPECT_EQ(write_plan(*plan), text);
  EXPECT_EQ(plan_digest(*plan), sha256_hex(text));
}

TEST(PlanJson, KeepsEveryBitOfNumbers) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 1000; ++i) {
    PlanMaker maker;
    std::uint64_t word = random();
    double value = 0;
    static_assert(sizeof(value) == sizeof(word));
    std::memcpy(&value, &word, sizeof(value));
    if (i == 0) value = -0.0;
    if (i == 1) value = std::numeric_limits<double>::infinity();
    if (value != value) continue;
    maker.compute("x", DType::f64, {1}, {op(FillOp{value}, {}, 1)});
    const auto plan = read_plan(write_plan(maker.finish()), "plan.json");
    ASSERT_TRUE(plan.ok()) << plan.error().message;
    const auto& step = std::get<ComputeStep>(plan->steps[0].work);
    const double back = std::get<FillOp>(step.program[0].data).value;
    EXPECT_EQ(std::memcmp(&back, &value, sizeof(value)), 0) << value;
  }
}

TEST(PlanJson, RejectsWhatIsNoPlan) {
  const auto code = [](const std::string& text) {
    const auto plan = read_plan(text, "plan.json");
    return plan.ok() ? std::string("fine") : plan.error().code;
  };
  EXPECT_EQ(code(""), "E610");
  EXPECT_EQ(code("[]"), "E611");
  EXPECT_EQ(code("{}"), "E610");
  EXPECT_EQ(code("{\"weight_map\": {}}"), "E610");
  EXPECT_EQ(code("{\"inarch\": \"plan/2\"}"), "E610");
  EXPECT_EQ(code("{\"inarch\": \"plan/1\"}"), "E611");
  const std::string text = write_plan(full_plan());
  EXPECT_EQ(code(text + "x"), "E610");
  EXPECT_EQ(code(text.substr(0, text.size() / 2)), "E610");
}

TEST(PlanJson, RejectsWrongStructure) {
  EXPECT_EQ(verdict("\"scratch\":", "\"scrotch\":"), "E611 steps[0]: 'scratch' is missing");
  EXPECT_EQ(verdict("\"to\":0,", "\"to\":0,\"extra\":1,"), "E611 steps[0]: unknown key 'extra'");
  EXPECT_EQ(verdict("\"to\":0,", "\"to\":-1,"), "E611 steps[0]: 'to' must be an index");
  EXPECT_EQ(verdict("\"to\":0,", "\"to\":0,\"to\":0,"), "E611 the key 'to' occurs twice");
  EXPECT_EQ(verdict("\"texts\": [", "\"sources\": [], \"texts\": ["),
            "E611 the key 'sources' occurs twice");
  EXPECT_EQ(verdict("\"tool\": ", "\"tools\": "), "E611 unexpected value of 'tools'");
  EXPECT_EQ(verdict("{\"op\":\"fill\"", "{\"op\":\"fell\""),
            "E611 steps[1].move[1]: unknown op 'fell'");
}

/// A plan of two checkpoints, each with a tensor of the same name.
Plan two_parts() {
  PlanMaker maker;
  for (const char* directory : {"a", "b-0"}) {
    if (!maker.plan.parts.empty()) maker.next_shard();
    maker.compute("w", DType::f32, {2}, {op(FillOp{1}, {}, 2)});
    maker.plan.parts.push_back({directory, directory, 2, 0});
    maker.plan.texts.push_back({fmt::format("{}/config.json", directory), "{}"});
  }
  Plan plan = maker.finish();
  for (std::size_t k = 0; k < plan.shards.size(); ++k)
    plan.shards[k].name = fmt::format("{}/model.safetensors", plan.parts[k].directory);
  return plan;
}

TEST(PlanJson, PartsReadBack) {
  const std::string text = write_plan(two_parts());
  const auto plan = read_plan(text, "plan.json");
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  EXPECT_EQ(plan->parts.size(), 2u);
  EXPECT_EQ(write_plan(*plan), text);
}

/// Names of files lead into the directories of parts, and nowhere else.
TEST(PlanJson, RejectsPartsThatLeaveTheOutput) {
  const auto code = [](const std::function<void(Plan&)>& change) {
    Plan plan = two_parts();
    change(plan);
    const auto read = read_plan(write_plan(plan), "plan.json");
    return read.ok() ? std::string("fine") : read.error().code;
  };
  EXPECT_EQ(code([](Plan&) {}), "fine");
  for (const char* directory : {"..", ".", "", "a/b", "/a", ".inarch-journal", "manifest.json"}) {
    EXPECT_EQ(code([&](Plan& p) {
                p.parts[0].directory = directory;
                p.shards[0].name = fmt::format("{}/model.safetensors", directory);
                p.texts[0].name = fmt::format("{}/config.json", directory);
              }),
              "E612")
        << directory;
  }
  for (const char* name : {"config.json", "c/config.json", "a/../config.json", "a/", "a//x",
                           "/a/config.json", "../a/config.json", "a/manifest.json"})
    EXPECT_EQ(code([&](Plan& p) { p.texts[0].name = name; }), "E612") << name;
  EXPECT_EQ(code([](Plan& p) { p.parts[1].directory = "a"; }), "E612");
  EXPECT_EQ(code([](Plan& p) { p.parts[1].name = "a"; }), "E612");
  EXPECT_EQ(code([](Plan& p) { p.parts[1].parameters = -1; }), "E612");
  EXPECT_EQ(code([](Plan& p) { p.parts.clear(); }), "E612");
  EXPECT_EQ(code([](Plan& p) { p.parts.pop_back(); }), "E612");
}

/// A plan is not trusted: whatever could make a run touch a byte that is not its own is refused.
TEST(PlanJson, RejectsWhatLeavesItsFiles) {
  const auto rejected = [](const std::string& from, const std::string& to, const char* code) {
    EXPECT_EQ(verdict(from, to).substr(0, 4), code)
        << from << " -> " << to << ": " << verdict(from, to);
  };
  rejected("\"offset\":1000,", "\"offset\":999900,", "E612");
  rejected("\"offset\":1000,", "\"offset\":-1,", "E612");
  rejected("\"offset\":1000,", "\"offset\":9223372036854775807,", "E612");
  rejected("\"bytes\":140,\"outputs\":2", "\"bytes\":140,\"outputs\":3", "E612");
  rejected("\"bytes\":140,\"outputs\":2", "\"bytes\":100,\"outputs\":1", "E613");
  rejected("\"copy\":{\"source\":0", "\"copy\":{\"source\":1", "E612");
  rejected("\"copy\":{\"source\":0,\"file\":0", "\"copy\":{\"source\":0,\"file\":1", "E612");
  rejected("\"offset\":2000,\"dtype\":\"i64\"", "\"offset\":2000,\"dtype\":\"f64\"", "E612");
  rejected("\"offset\":2000,", "\"offset\":999999,", "E612");
  rejected("\"op\":\"view\",\"offset\":11", "\"op\":\"view\",\"offset\":12", "E612");
  rejected("\"op\":\"view\",\"offset\":11", "\"op\":\"view\",\"offset\":10", "E612");
  rejected("[[3,-4],[4,-1]]", "[[3,-4],[4,-9223372036854775807]]", "E612");
  rejected("[[3,-4],[4,-1]]", "[[3,4],[4,-1]]", "E612");
  rejected("[[3,-4],[4,-1]]", "[[4,-4],[4,-1]]", "E612");
  rejected("\"blocks\":[4,2]", "\"blocks\":[2,4]", "E612");
  rejected("\"blocks\":[4,2]", "\"blocks\":[4]", "E612");
  rejected("\"indices\":[2,0,", "\"indices\":[3,0,", "E612");
  rejected("\"indices\":[2,0,", "\"indices\":[-1,0,", "E612");
  rejected("\"in\":[2,1],\"count\":18", "\"in\":[2,4],\"count\":18", "E612");
  rejected("\"in\":[2,1],\"count\":18", "\"in\":[3,1],\"count\":18", "E612");
  rejected("\"op\":\"matmul\",\"m\":2", "\"op\":\"matmul\",\"m\":3", "E612");
  rejected("\"op\":\"mean\",\"outer\":1", "\"op\":\"mean\",\"outer\":2", "E612");
  rejected("\"weights\":[1.0,0.5]", "\"weights\":[1.0]", "E612");
  rejected("\"op\":\"read\",\"source\":0", "\"op\":\"read\",\"source\":7", "E612");
  rejected("{\"op\":\"read\",\"source\":0,\"file\":0", "{\"op\":\"read_output\",\"shard\":0",
           "E612");
  rejected("\"shape\":[7,6]", "\"shape\":[6,7,1]", "E614");
  rejected("\"shape\":[7,6]", "\"shape\":[7,7]", "E612");
  rejected("\"shape\":[7,6]", "\"shape\":[4611686018427387904,4]", "E612");
  rejected("\"name\":\"copied.a\"", "\"name\":\"copied.c\"", "E614");
  rejected("\"name\":\"copied.a\"", "\"name\":\"copied.b\"", "E612");
  rejected("{\"to\":0,", "{\"to\":2,", "E612");
  rejected("\"shard\":1,", "\"shard\":2,", "E612");
  rejected("{\"name\":\"model.safetensors\",", "{\"name\":\"../up\",", "E612");
  rejected("\"name\":\"config.json\"", "\"name\":\"manifest.json\"", "E612");
  rejected("\"name\":\"config.json\"", "\"name\":\"tokenizer.json\"", "E612");
  rejected("\"tolerance\":1e-06", "\"tolerance\":\"inf\"", "E612");
  rejected("\\\"data_offsets\\\":[0,100]", "\\\"data_offsets\\\":[0,101]", "E614");
  rejected("\\\"dtype\\\":\\\"U8\\\"", "\\\"dtype\\\":\\\"I8\\\"", "E614");
}

TEST(PlanJson, RejectsMemoryThatIsNotWhatTheRunTakes) {
  Plan plan = full_plan();
  plan.steps[1].scratch_bytes -= 64;
  const auto read = read_plan(write_plan(plan), "plan.json");
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code, "E613");
}

TEST(PlanJson, RejectsProgramsThatNeverEnd) {
  PlanMaker maker;
  Program doubling = {op(FillOp{1}, {}, 1)};
  for (std::uint32_t i = 0; i < 64; ++i) doubling.push_back(op(LinearOp{{1, 1}, 0}, {i, i}, 1));
  maker.compute("x", DType::f32, {1}, doubling);
  EXPECT_EQ(check_plan(maker.finish(), "p").error().code, "E612");
  PlanMaker deep;
  Program chain = {op(FillOp{1}, {}, 1)};
  for (std::uint32_t i = 0; i < 300; ++i) chain.push_back(op(ClampOp{0, 1}, {i}, 1));
  deep.compute("x", DType::f32, {1}, chain);
  EXPECT_EQ(check_plan(deep.finish(), "p").error().code, "E612");
}

TEST(PlanJson, ChecksRoundTripAlone) {
  const Plan plan = full_plan();
  const auto checks = read_checks(write_checks(plan.checks), "manifest.json");
  ASSERT_TRUE(checks.ok()) << checks.error().message;
  EXPECT_EQ(write_checks(*checks), write_checks(plan.checks));
  EXPECT_FALSE(read_checks("{}", "manifest.json").ok());
  EXPECT_FALSE(read_checks("[1]", "manifest.json").ok());
}

TEST(PlanJson, IsQuickForTheLargestModels) {
  PlanMaker maker;
  maker.plan.sources.push_back({"v4", "models/v4", {}});
  maker.plan.sources[0].files.push_back({"f", "f", std::int64_t{1} << 40, 1, 1, "d"});
#ifdef NDEBUG
  constexpr int tensors = 145'000;
#else
  constexpr int tensors = 5'000;  // unoptimised, the parser is a hundred times slower
#endif
  for (int i = 0; i < tensors; ++i) {
    maker.compute(fmt::format("model.layers.{}.mlp.experts.{}.down_proj.weight", i / 400, i % 400),
                  DType::bf16, {64, 32},
                  {op(ReadOp{false, 0, 0, i * 4096, DType::bf16}, {}, 2048),
                   op(LinearOp{{0.5}, 0}, {0}, 2048)});
  }
  const Plan plan = maker.finish();
  const auto start = std::chrono::steady_clock::now();
  const std::string text = write_plan(plan);
  const auto written = std::chrono::steady_clock::now();
  const auto back = read_plan(text, "plan.json");
  const auto end = std::chrono::steady_clock::now();
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(back->outputs.size(), std::size_t{tensors});
  const auto seconds = [](auto a, auto b) { return std::chrono::duration<double>(b - a).count(); };
  RecordProperty("write_seconds", std::to_string(seconds(start, written)));
  RecordProperty("read_seconds", std::to_string(seconds(written, end)));
  std::printf("write %.2f s, read %.2f s, %zu MB\n", seconds(start, written), seconds(written, end),
              text.size() / 1'000'000);
  EXPECT_LT(seconds(start, end), 60.0);  // sanitizers and loaded machines included
}

}  // namespace
}  // namespace inarch
