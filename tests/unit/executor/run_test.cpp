#include "runtime/executor/run.h"

#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "compiler/plan/plan_json.h"
#include "runtime/io/output_dir.h"
#include "tests/unit/executor/run_scene.h"
#include "tests/unit/plan/plan_maker.h"

namespace inarch {
namespace {

/// Calls something at the first report of a phase.
class Hook : public Progress {
 public:
  Hook(std::string phase, std::function<void()> action)
      : phase_(std::move(phase)), action_(std::move(action)) {}
  void started(std::string_view phase, std::int64_t total) override {
    current_ = phase;
    total_ = total;
    done_ = 0;
  }
  void advanced(std::int64_t bytes, std::string_view) override {
    done_ += bytes;
    if (current_ == phase_ && action_) std::exchange(action_, nullptr)();
  }
  void finished() override { last_was_whole_ = done_ == total_; }

  bool last_was_whole_ = false;

 private:
  std::string phase_;
  std::function<void()> action_;
  std::string current_;
  std::int64_t total_ = 0;
  std::int64_t done_ = 0;
};

class RunTest : public testing::Test {
 protected:
  RunReport build(Progress& progress) {
    diagnostics_ = {};
    return run(scene_.plan, scene_.options, progress, diagnostics_);
  }
  RunReport build() {
    NoProgress progress;
    return build(progress);
  }
  std::string codes() const { return codes_of(diagnostics_); }
  /// Nothing but the source (and what the caller names) is in the scene's directory.
  void expect_left(std::vector<std::string> names) {
    names.push_back("source");
    std::sort(names.begin(), names.end());
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(scene_.directory().path())) {
      found.push_back(entry.path().filename());
    }
    std::sort(found.begin(), found.end());
    EXPECT_EQ(found, names);
  }

  RunScene scene_;
  Diagnostics diagnostics_;
};

TEST_F(RunTest, BuildsWhatThePlanSays) {
  Hook progress("", nullptr);
  const RunReport report = build(progress);
  ASSERT_EQ(report.outcome, Outcome::done) << codes();
  EXPECT_EQ(scene_.wrong_tensors(scene_.out()), std::vector<std::string>());
  EXPECT_EQ(codes(), "");
  expect_left({"out"});
  const auto files = scene_.content(scene_.out(), true);
  EXPECT_EQ(files.size(), 5u);
  EXPECT_EQ(files.at("config.json"), "{}\n");
  EXPECT_EQ(files.at("tokenizer.json"), std::string(300'000, 'k'));
  std::int64_t bytes = 0;
  for (const auto& [name, content] : files) {
    if (name != "manifest.json") bytes += static_cast<std::int64_t>(content.size());
  }
  EXPECT_EQ(report.bytes_written, bytes);
  std::int64_t tensors = 0;
  for (const OutputTensor& output : scene_.plan.outputs) tensors += output.bytes;
  EXPECT_EQ(report.bytes_copied + report.bytes_computed, tensors);
  EXPECT_GT(report.bytes_read, 0);
  EXPECT_EQ(report.output_digest.size(), 32u);
  EXPECT_TRUE(progress.last_was_whole_);
}

TEST_F(RunTest, SameBytesForAnyJobsMemoryAndCut) {
  ASSERT_EQ(build().outcome, Outcome::done) << codes();
  const auto expected = scene_.content(scene_.out(), true);
  int number = 0;
  for (const int jobs : {1, 2, 5}) {
    for (const bool tight : {false, true}) {
      for (const bool small : {false, true}) {
        if (!small) scene_.options.cut = Cut();
        if (small) scene_.options.cut.tile_elements = 4096;
        if (small) scene_.options.cut.span_bytes = 2048;
        scene_.options.jobs = jobs;
        scene_.options.memory = tight ? least_memory(scene_.plan) : std::int64_t{1} << 30;
        scene_.options.output = scene_.directory().at(fmt::format("out{}", ++number));
        ASSERT_EQ(build().outcome, Outcome::done) << codes();
        EXPECT_EQ(scene_.content(scene_.options.output, true), expected)
            << jobs << " jobs" << (tight ? ", tight" : "") << (small ? ", small" : "");
      }
    }
  }
}

TEST_F(RunTest, PlanFilesBuildTheSame) {
  ASSERT_EQ(build().outcome, Outcome::done);
  const auto expected = scene_.content(scene_.out(), true);
  auto plan = read_plan(write_plan(scene_.plan), "plan.json");
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  scene_.plan = std::move(*plan);
  scene_.options.output = scene_.directory().at("out2");
  ASSERT_EQ(build().outcome, Outcome::done);
  EXPECT_EQ(scene_.content(scene_.options.output, true), expected);
}

TEST_F(RunTest, RefusesTooSmallABudget) {
  scene_.options.memory = least_memory(scene_.plan) - 1;
  EXPECT_EQ(build().outcome, Outcome::rejected);
  EXPECT_EQ(codes(), "E601");
  expect_left({});
}

TEST_F(RunTest, LeavesAnUpToDateTargetAlone) {
  const RunReport first = build();
  ASSERT_EQ(first.outcome, Outcome::done);
  const auto time = std::filesystem::last_write_time(scene_.out());
  const RunReport second = build();
  EXPECT_EQ(second.outcome, Outcome::up_to_date);
  EXPECT_EQ(second.output_digest, first.output_digest);
  EXPECT_EQ(std::filesystem::last_write_time(scene_.out()), time);
  // A source that was written to since makes it another target, which is not replaced silently.
  std::filesystem::last_write_time(scene_.source_path(),
                                   std::filesystem::file_time_type::clock::now());
  EXPECT_EQ(build().outcome, Outcome::rejected);
  EXPECT_EQ(codes(), "E705");
  scene_.options.force = true;
  EXPECT_EQ(build().outcome, Outcome::done);
  expect_left({"out"});
}

TEST_F(RunTest, ReplacesOnlyByForce) {
  scene_.directory().write("out/precious.txt", "mine");
  EXPECT_EQ(build().outcome, Outcome::rejected);
  EXPECT_EQ(codes(), "E705");
  EXPECT_EQ(scene_.directory().read("out/precious.txt"), "mine");
  scene_.options.force = true;
  EXPECT_EQ(build().outcome, Outcome::done);
  EXPECT_EQ(scene_.content(scene_.out()).count("precious.txt"), 0u);
  EXPECT_EQ(scene_.wrong_tensors(scene_.out()), std::vector<std::string>());
}

TEST_F(RunTest, Fault46NeverWritesOverItsSource) {
  scene_.options.output = scene_.directory().at("source");
  scene_.options.force = true;
  EXPECT_EQ(build().outcome, Outcome::rejected);
  EXPECT_EQ(codes(), "E706");
}

TEST_F(RunTest, RefusesOtherSourcesThanThePlans) {
  const std::string content = scene_.directory().read("source/model.safetensors");
  scene_.directory().write("source/model.safetensors", content + "x");
  EXPECT_EQ(build().outcome, Outcome::rejected);
  EXPECT_NE(codes(), "");
  std::string other = content;
  other[other.find("BF16")] = 'C';
  scene_.directory().write("source/model.safetensors", other);
  EXPECT_EQ(build().outcome, Outcome::rejected);
  EXPECT_EQ(codes(), "E710");
  std::filesystem::remove(scene_.source_path());
  EXPECT_EQ(build().outcome, Outcome::rejected);
  EXPECT_EQ(codes(), "E701");
  expect_left({});
}

TEST_F(RunTest, Fault45NoticesThatASourceChangesMeanwhile) {
  Hook writes("building", [&] {
    std::fstream file(scene_.source_path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(-1, std::ios::end);
    file.put('x');
  });
  EXPECT_EQ(build(writes).outcome, Outcome::failed);
  EXPECT_EQ(codes(), "E711");
  expect_left({});
}

TEST_F(RunTest, Fault45NoticesThatASourceIsCutShort) {
  Hook cuts("building", [&] { ASSERT_EQ(::truncate(scene_.source_path().c_str(), 5000), 0); });
  EXPECT_EQ(build(cuts).outcome, Outcome::failed);
  EXPECT_EQ(codes(), "E701 E711");
  expect_left({});
}

TEST_F(RunTest, Fault45NoticesThatASourceIsReplaced) {
  Hook replaces("building", [&] {
    const std::string copy = scene_.directory().at("source/copy");
    std::filesystem::copy_file(scene_.source_path(), copy);
    std::filesystem::rename(copy, scene_.source_path());
  });
  EXPECT_EQ(build(replaces).outcome, Outcome::failed);
  EXPECT_EQ(codes(), "E711");
}

TEST_F(RunTest, RefusesCarriedFilesThatChanged) {
  scene_.directory().write("source/tokenizer.json", std::string(300'000, 'l'));
  EXPECT_EQ(build().outcome, Outcome::rejected);
  EXPECT_EQ(codes(), "E718");
  expect_left({});
}

TEST_F(RunTest, Fault65OneRunAtATime) {
  auto lock = lock_output(scene_.out());
  ASSERT_TRUE(lock.ok());
  EXPECT_EQ(build().outcome, Outcome::busy);
  EXPECT_EQ(codes(), "E704");
}

TEST_F(RunTest, Fault62StopsAndGoesOn) {
  ASSERT_EQ(build().outcome, Outcome::done);
  const auto expected = scene_.content(scene_.out(), true);
  std::filesystem::remove_all(scene_.out());

  std::atomic<bool> stop = false;
  scene_.options.stop = &stop;
  Hook stops("building", [&] { stop = true; });
  EXPECT_EQ(build(stops).outcome, Outcome::interrupted);
  expect_left({".out.inarch-partial"});
  stop = false;
  const RunReport resumed = build();
  EXPECT_EQ(resumed.outcome, Outcome::done);
  EXPECT_GT(resumed.bytes_resumed, 0);
  EXPECT_EQ(codes(), "");
  EXPECT_EQ(scene_.content(scene_.out(), true), expected);
  expect_left({"out"});
}

class InterruptedTest : public RunTest {
 protected:
  void SetUp() override {
    ASSERT_EQ(build().outcome, Outcome::done);
    expected_ = scene_.content(scene_.out(), true);
    std::filesystem::remove_all(scene_.out());
    std::atomic<bool> stop = false;
    scene_.options.stop = &stop;
    int units = 0;
    // Let a good part be done first.
    class Stopper : public Progress {
     public:
      Stopper(std::atomic<bool>& stop, int& units) : stop_(stop), units_(units) {}
      void started(std::string_view, std::int64_t) override {}
      void advanced(std::int64_t, std::string_view) override {
        if (++units_ == 8) stop_ = true;
      }
      void finished() override {}

     private:
      std::atomic<bool>& stop_;
      int& units_;
    } stopper(stop, units);
    ASSERT_EQ(build(stopper).outcome, Outcome::interrupted);
    scene_.options.stop = nullptr;
  }
  std::string partial(const std::string& name) const {
    return scene_.directory().at(".out.inarch-partial/" + name);
  }
  std::map<std::string, std::string> expected_;
};

TEST_F(InterruptedTest, Fault67DoesNotTrustItsJournal) {
  // A unit that the journal calls finished and whose bytes were lost, as after a power failure.
  {
    std::fstream shard(partial("model.safetensors"), std::ios::in | std::ios::out);
    shard.seekp(2000);
    shard << "lost";
  }
  const RunReport report = build();
  EXPECT_EQ(report.outcome, Outcome::done);
  EXPECT_GT(report.bytes_resumed, 0);
  EXPECT_EQ(scene_.content(scene_.out(), true), expected_);
}

TEST_F(InterruptedTest, Fault67IgnoresTornLines) {
  const std::string path = partial(".inarch-journal");
  const auto size = std::filesystem::file_size(path);
  std::filesystem::resize_file(path, size - 7);
  const RunReport report = build();
  EXPECT_EQ(report.outcome, Outcome::done);
  EXPECT_GT(report.bytes_resumed, 0);
  EXPECT_EQ(scene_.content(scene_.out(), true), expected_);
}

TEST_F(InterruptedTest, Fault67IgnoresGarbageInItsJournal) {
  std::ofstream(partial(".inarch-journal"), std::ios::app) << "\nunit 3 00\n\x01\n"
                                                           << std::string(70'000, 'g');
  EXPECT_EQ(build().outcome, Outcome::done);
  EXPECT_EQ(scene_.content(scene_.out(), true), expected_);
}

TEST_F(InterruptedTest, Fault66DiscardsTheWorkOfAnotherPlan) {
  std::get<LinearOp>(std::get<ComputeStep>(scene_.plan.steps[6].work).program.back().data)
      .weights[0] = 2;
  const RunReport report = build();
  EXPECT_EQ(report.outcome, Outcome::done);
  EXPECT_EQ(report.bytes_resumed, 0);
  EXPECT_EQ(codes(), "W710");
  EXPECT_EQ(scene_.wrong_tensors(scene_.out()), std::vector<std::string>());
}

TEST_F(InterruptedTest, Fault66DiscardsTheWorkFromSourcesThatChanged) {
  std::filesystem::last_write_time(scene_.source_path(),
                                   std::filesystem::file_time_type::clock::now());
  const RunReport report = build();
  EXPECT_EQ(report.outcome, Outcome::done);
  EXPECT_EQ(report.bytes_resumed, 0);
  EXPECT_EQ(codes(), "W710");
}

TEST_F(InterruptedTest, Fault66DiscardsTheWorkOfAnotherVersion) {
  scene_.plan.tool_version += "-next";
  const RunReport report = build();
  EXPECT_EQ(report.outcome, Outcome::done);
  EXPECT_EQ(report.bytes_resumed, 0);
  EXPECT_EQ(codes(), "W710");
}

TEST_F(InterruptedTest, DiscardsTheWorkWhenAShardIsGone) {
  std::filesystem::remove(partial("model-2.safetensors"));
  EXPECT_EQ(build().outcome, Outcome::done);
  EXPECT_EQ(scene_.content(scene_.out(), true), expected_);
}

TEST_F(RunTest, PublishesNothingWhenACheckFails) {
  const auto output = [&](std::size_t number) {
    const OutputTensor& tensor = scene_.plan.outputs[number];
    return op(ReadOp{true, 0, tensor.shard, tensor.offset, tensor.dtype}, {}, numel(tensor.shape));
  };
  const std::size_t scaled = 13;
  ASSERT_EQ(scene_.plan.outputs[scaled].name, "scaled");
  PlanCheck check;
  check.description = "scaled is half of w";
  check.origin = "recipe.yaml:7";
  check.left = {output(0), op(LinearOp{{0.5}, 0}, {0}, 540'000)};
  check.right = {output(scaled)};
  scene_.plan.checks.push_back(check);
  check.right.clear();
  scene_.plan.checks.push_back(check);
  state_memory(scene_.plan);
  EXPECT_EQ(build().outcome, Outcome::done) << codes();
  std::filesystem::remove_all(scene_.out());

  std::get<LinearOp>(scene_.plan.checks[0].left[1].data).weights[0] = 0.75;
  EXPECT_EQ(build().outcome, Outcome::rejected);
  EXPECT_EQ(codes(), "E800");
  EXPECT_EQ(diagnostics_.list()[0].subject, "recipe.yaml:7");
  expect_left({});
  scene_.plan.checks[0].tolerance = 0.5;
  EXPECT_EQ(build().outcome, Outcome::done) << codes();
  std::filesystem::remove_all(scene_.out());

  std::get<LinearOp>(scene_.plan.checks[1].left[1].data).bias =
      std::numeric_limits<double>::infinity();
  EXPECT_EQ(build().outcome, Outcome::rejected);
  EXPECT_EQ(codes(), "E801");
  expect_left({});
}

TEST_F(RunTest, ReportsAnUnwritableTarget) {
  scene_.directory().write("file", "x");
  scene_.options.output = scene_.directory().at("file/out");
  EXPECT_EQ(build().outcome, Outcome::failed);
}

}  // namespace
}  // namespace inarch
