// What only another process can show: being killed at any moment, running out of disk, and how much
// memory a run of its own takes.

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "compiler/plan/plan_json.h"
#include "runtime/executor/run.h"
#include "tests/unit/executor/run_scene.h"
#include "tests/unit/plan/plan_maker.h"

namespace inarch {
namespace {

struct ChildSetting {
  std::string plan;  // path of a plan file
  std::string output;
  int jobs = 2;
  std::int64_t memory = std::int64_t{1} << 30;
  bool small_cut = true;
  int pause_us = 0;              // after each unit
  std::int64_t file_limit = -1;  // RLIMIT_FSIZE
};

/// Ends the process after a run: 0 to 5 are outcomes, 50 means that it took more memory than
/// planned.
[[noreturn]] void build_and_exit(const ChildSetting& setting) {
  class Slow : public Progress {
   public:
    explicit Slow(int pause_us) : pause_us_(pause_us) {}
    void started(std::string_view, std::int64_t) override {}
    void advanced(std::int64_t, std::string_view) override {
      ::usleep(static_cast<unsigned>(pause_us_));
    }
    void finished() override {}

   private:
    int pause_us_;
  } progress(setting.pause_us);
  std::ifstream file(setting.plan, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  const auto plan = read_plan(text, setting.plan);
  if (!plan) std::_Exit(99);
  if (setting.file_limit >= 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{static_cast<rlim_t>(setting.file_limit), RLIM_INFINITY};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) std::_Exit(98);
  }
  RunOptions options;
  options.output = setting.output;
  options.jobs = setting.jobs;
  options.memory = setting.memory;
  if (setting.small_cut) {
    options.cut.unit_bytes = options.cut.copy_unit_bytes = digest_piece_bytes;
    options.cut.transpose_unit_bytes = digest_piece_bytes;
  }
  Diagnostics diagnostics;
  const RunReport report = run(*plan, options, progress, diagnostics);
  for (const Diagnostic& found : diagnostics.list()) {
    std::fprintf(stderr, "child: %s %s [%s]\n", found.code.c_str(), found.message.c_str(),
                 found.subject.c_str());
  }
  const std::int64_t planned = planned_peak(*plan, options.jobs, options.memory);
  if (report.outcome == Outcome::done && setting.pause_us == 0) {
    std::fprintf(stderr, "child: %.1f MiB used, %.1f planned, %.2f s\n",
                 static_cast<double>(report.peak_memory) / 1048576,
                 static_cast<double>(planned) / 1048576, report.seconds);
  }
#ifndef INARCH_SANITIZED  // whose shadow memory is in no plan
  if (report.peak_memory > planned) std::_Exit(50);
#endif
  std::_Exit(static_cast<int>(report.outcome));
}

/// Not run by itself: what spawn() starts in a fresh process, since one that has had threads cannot
/// be forked and go on.
TEST(Child, DISABLED_Builds) {
  const auto text = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  };
  ChildSetting setting;
  setting.plan = text("INARCH_TEST_PLAN");
  setting.output = text("INARCH_TEST_OUTPUT");
  std::istringstream numbers(text("INARCH_TEST_NUMBERS"));
  numbers >> setting.jobs >> setting.memory >> setting.small_cut >> setting.pause_us >>
      setting.file_limit;
  build_and_exit(setting);
}

pid_t spawn(const ChildSetting& setting) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  ::setenv("INARCH_TEST_PLAN", setting.plan.c_str(), 1);
  ::setenv("INARCH_TEST_OUTPUT", setting.output.c_str(), 1);
  const std::string numbers =
      fmt::format("{} {} {} {} {}", setting.jobs, setting.memory, setting.small_cut ? 1 : 0,
                  setting.pause_us, setting.file_limit);
  ::setenv("INARCH_TEST_NUMBERS", numbers.c_str(), 1);
  ::execl("/proc/self/exe", "unit_executor", "--gtest_also_run_disabled_tests",
          "--gtest_filter=Child.DISABLED_Builds", "--gtest_brief=1", nullptr);
  std::_Exit(97);
}

int wait_for(pid_t child) {
  int status = 0;
  if (::waitpid(child, &status, 0) != child) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

std::string plan_file(const RunScene& scene) {
  return scene.directory().write("plan.json", write_plan(scene.plan));
}

TEST(Killed, TheSameCommandGoesOnToTheSameBytes) {
  RunScene scene;
  ChildSetting setting;
  setting.plan = plan_file(scene);
  setting.output = scene.directory().at("expected");
  ASSERT_EQ(wait_for(spawn(setting)), 0);
  const auto expected = RunScene::content(setting.output, true);
  ASSERT_FALSE(expected.empty());

  std::mt19937_64 random(77);
  int kills = 0;
  for (int round = 0; round < 6; ++round) {
    setting.output = scene.directory().at(fmt::format("out{}", round));
    setting.pause_us = 2000;
    for (int attempt = 0; attempt < 4; ++attempt) {
      const pid_t child = spawn(setting);
      std::this_thread::sleep_for(std::chrono::milliseconds(20 + random() % 120));
      ::kill(child, SIGKILL);
      if (wait_for(child) == 1000 + SIGKILL) ++kills;
      // Absent or complete, never a part.
      if (std::filesystem::exists(setting.output)) {
        EXPECT_EQ(RunScene::content(setting.output, true), expected);
      }
    }
    setting.pause_us = 1;
    const int outcome = wait_for(spawn(setting));
    EXPECT_TRUE(outcome == static_cast<int>(Outcome::done) ||
                outcome == static_cast<int>(Outcome::up_to_date))
        << outcome;
    EXPECT_EQ(RunScene::content(setting.output, true), expected);
    EXPECT_FALSE(
        std::filesystem::exists(scene.directory().at(fmt::format(".out{}.inarch-partial", round))));
  }
  EXPECT_GT(kills, 10);
}

TEST(FullDisk, LeavesNothingBehindWhenAFileMayNotGrow) {
  RunScene scene;
  ChildSetting setting;
  setting.plan = plan_file(scene);
  setting.output = scene.directory().at("out");
  for (const std::int64_t limit : {0, 100, 4000, 1'000'000, 5'000'000}) {
    setting.file_limit = limit;
    EXPECT_EQ(wait_for(spawn(setting)), static_cast<int>(Outcome::failed)) << limit;
    EXPECT_FALSE(std::filesystem::exists(setting.output));
    EXPECT_FALSE(std::filesystem::exists(scene.directory().at(".out.inarch-partial")));
  }
}

TEST(FullDisk, LeavesNothingBehindOnASmallFileSystem) {
  RunScene scene;
  const std::string small = scene.directory().at("small");
  ASSERT_TRUE(std::filesystem::create_directory(small));
  ChildSetting setting;
  setting.plan = plan_file(scene);
  setting.output = small + "/out";
  // The shards alone take 18.9 MB of 1024 kB: from there on it is journal, side files or manifest
  // that no longer fit, until all does.
  std::vector<int> sizes = {64, 6'000, 17'000};
#ifdef INARCH_SANITIZED
  constexpr int step = 144;  // each run takes seconds
#else
  constexpr int step = 24;
#endif
  for (int size = 18'820; size < 19'400; size += step) sizes.push_back(size);
  int failures = 0;
  int successes = 0;
  for (const int kibibytes : sizes) {
    const std::string data = fmt::format("size={}k", kibibytes);
    if (::mount("none", small.c_str(), "tmpfs", 0, data.c_str()) != 0) {
      GTEST_SKIP() << "mounting takes privileges";
    }
    const int outcome = wait_for(spawn(setting));
    const bool empty = std::filesystem::is_empty(small);
    const bool right = scene.wrong_tensors(setting.output).empty();
    ASSERT_EQ(::umount(small.c_str()), 0);
    if (outcome == static_cast<int>(Outcome::done)) {
      ++successes;
      EXPECT_TRUE(right) << kibibytes;
    } else {
      ++failures;
      EXPECT_EQ(outcome, static_cast<int>(Outcome::failed)) << kibibytes;
      EXPECT_TRUE(empty) << kibibytes;
    }
  }
  EXPECT_GT(failures, 3);
  EXPECT_GT(successes, 0);
}

#ifndef INARCH_SANITIZED  // a sanitizer keeps memory of its own

/// Sources and outputs of 100 MB each: what a run holds must not depend on it.
TEST(Memory, StaysBelowThePlannedPeak) {
#ifdef INARCH_SANITIZED
  GTEST_SKIP() << "the shadow memory of a sanitizer is in no plan";
#endif
  const TemporaryDirectory directory;
  CheckpointMaker checkpoint;
  constexpr std::int64_t rows = 4000, columns = 6000;
  checkpoint.add("w", DType::bf16, {rows, columns}, std::string(rows * columns * 2, '\x3c'));
  checkpoint.add("v", DType::bf16, {rows, columns}, std::string(rows * columns * 2, '\x3d'));
  checkpoint.add("a", DType::bf16, {64, columns}, std::string(64 * columns * 2, '\x3c'));
  checkpoint.add("b", DType::bf16, {rows, 64}, std::string(rows * 64 * 2, '\x3c'));
  PlanMaker maker;
  maker.plan.sources.push_back(checkpoint.write(directory, "model.safetensors"));
  const std::int64_t n = rows * columns;
  const Op w = checkpoint.read("w");
  const Op v = checkpoint.read("v");
  maker.compute("sum", DType::bf16, {rows, columns},
                {w, v, op(LinearOp{{0.5, 0.5}, 0}, {0, 1}, n)});
  maker.compute("mixed", DType::f16, {rows, columns},
                {w, v, op(LinearOp{{0.5, 0.5}, 0}, {0, 1}, n), op(ClampOp{-1, 1}, {2}, n)});
  maker.move("turned", DType::bf16, {columns, rows},
             {w, op(ViewOp{0, {{columns, 1}, {rows, columns}}}, {0}, n)});
  maker.compute("turned and rounded", DType::f16, {columns, rows},
                {w, op(ViewOp{0, {{columns, 1}, {rows, columns}}}, {0}, n)});
  maker.compute("adapted", DType::bf16, {rows, columns},
                {w, checkpoint.read("b"), checkpoint.read("a"),
                 op(MatmulOp{rows, 64, columns}, {1, 2}, n), op(LinearOp{{1, 1}, 0}, {0, 3}, n)});
  maker.output("copied", DType::bf16, {rows, columns});
  maker.step(5, CopyStep{0, 0, checkpoint.offset("w"), n * 2, 1});
  const Plan plan = maker.finish();
  ChildSetting setting;
  setting.plan = directory.write("plan.json", write_plan(plan));
  setting.small_cut = false;
  const std::int64_t least = least_memory(plan);
  for (const int jobs : {1, 2, 4}) {
    for (const std::int64_t memory :
         {least, least + (std::int64_t{40} << 20), std::int64_t{1} << 30}) {
      setting.jobs = jobs;
      setting.memory = memory;
      setting.output = directory.at(fmt::format("out-{}-{}", jobs, memory));
      EXPECT_EQ(wait_for(spawn(setting)), 0) << jobs << " jobs, budget " << memory;
    }
  }
}

#endif

}  // namespace
}  // namespace inarch
