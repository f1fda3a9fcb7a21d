#include "runtime/io/output_dir.h"

#include <string>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/io/directory.h"
#include "temporary_directory.h"

namespace inarch {
namespace {

std::string code_of(const Status& status) { return status ? "ok" : status.error().code; }

class Output : public testing::Test {
 protected:
  /// A finished work directory with one file and a journal.
  std::string finished_work(const std::string& content) {
    const auto work = open_work_dir(target_);
    EXPECT_TRUE(work);
    EXPECT_TRUE(write_small_file(join_path(*work, "file"), content));
    EXPECT_TRUE(write_small_file(join_path(*work, "journal"), "j"));
    return *work;
  }
  /// Names at the top of the temporary directory.
  std::string names() const {
    std::string text;
    const auto entries = list_directory(directory_.path());
    for (const DirectoryEntry& entry : *entries) text += entry.name + " ";
    return text;
  }
  TemporaryDirectory directory_;
  std::string target_ = directory_.at("out");
};

TEST_F(Output, WorksInAHiddenSibling) {
  EXPECT_EQ(work_dir_for("/a/out"), "/a/.out.inarch-partial");
  EXPECT_EQ(work_dir_for("/a/out//"), "/a/.out.inarch-partial");
  EXPECT_EQ(work_dir_for("out"), "./.out.inarch-partial");
  const std::string here = base_name(real_path("."));
  EXPECT_EQ(base_name(work_dir_for(".")), "." + here + ".inarch-partial");
}

TEST_F(Output, AppearsInOneStep) {
  const std::string work = finished_work("new");
  EXPECT_FALSE(exists(target_));
  ASSERT_EQ(code_of(publish(work, target_ + "/", false, {"journal"})), "ok");
  EXPECT_EQ(directory_.read("out/file"), "new");
  EXPECT_FALSE(exists(directory_.at("out/journal")));
  EXPECT_EQ(names(), "out ");
}

TEST_F(Output, TakesThePlaceOfAnEmptyDirectory) {
  ASSERT_TRUE(make_directories(target_));
  ASSERT_EQ(code_of(publish(finished_work("new"), target_, false)), "ok");
  EXPECT_EQ(directory_.read("out/file"), "new");
  EXPECT_EQ(names(), "out ");
}

TEST_F(Output, ReplacesOnlyWhenAsked) {
  directory_.write("out/old", "old");
  const std::string work = finished_work("new");
  EXPECT_EQ(code_of(publish(work, target_, false)), "E705");
  EXPECT_EQ(directory_.read("out/old"), "old");
  ASSERT_EQ(code_of(publish(work, target_, true)), "ok");
  EXPECT_EQ(directory_.read("out/file"), "new");
  EXPECT_FALSE(exists(directory_.at("out/old")));
  EXPECT_EQ(names(), "out ");
}

TEST_F(Output, ChecksTheTargetBeforeTheWork) {
  EXPECT_EQ(code_of(check_target(target_, false)), "ok");
  directory_.write("out/x", "");
  EXPECT_EQ(code_of(check_target(target_, false)), "E705");
  EXPECT_EQ(code_of(check_target(target_, true)), "ok");
  EXPECT_EQ(code_of(check_target(directory_.write("file", ""), true)), "E705");
  ASSERT_EQ(::symlink("out", directory_.at("link").c_str()), 0);
  EXPECT_EQ(code_of(check_target(directory_.at("link"), true)), "E705");
  EXPECT_EQ(code_of(check_target(directory_.at("link/"), true)), "E705");
}

TEST_F(Output, IsLockedAgainstASecondRun) {
  {
    const auto lock = lock_output(target_);
    ASSERT_TRUE(lock);
    const auto second = lock_output(target_ + "/");
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, "E704");
    EXPECT_TRUE(lock_output(directory_.at("other")));
  }
  EXPECT_EQ(names(), "");
  EXPECT_TRUE(lock_output(target_));
}

TEST_F(Output, LockMakesParentsAndMoves) {
  target_ = directory_.at("a/b/out");
  auto first = lock_output(target_);
  ASSERT_TRUE(first);
  {
    const OutputLock moved = std::move(*first);
    EXPECT_FALSE(lock_output(target_));
  }
  EXPECT_TRUE(lock_output(target_));
}

TEST_F(Output, LockOutlivesNoProcess) {
  const pid_t child = ::fork();
  if (child == 0) {
    const auto lock = lock_output(target_);
    ::_exit(lock ? 0 : 1);  // as a kill would: nothing is cleaned up
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  EXPECT_EQ(names(), ".out.inarch-lock ");
  EXPECT_TRUE(lock_output(target_));
}

TEST_F(Output, RecoversFromARunKilledWhileReplacing) {
  directory_.write(".out.inarch-old/old", "old");
  { ASSERT_TRUE(lock_output(target_)); }
  EXPECT_EQ(directory_.read("out/old"), "old");
  directory_.write(".out.inarch-old/older", "older");
  { ASSERT_TRUE(lock_output(target_)); }
  EXPECT_EQ(directory_.read("out/old"), "old");
  EXPECT_EQ(names(), "out ");
}

TEST_F(Output, KeepsWhatAnEarlierRunLeft) {
  finished_work("half");
  const auto work = open_work_dir(target_);
  ASSERT_TRUE(work);
  EXPECT_EQ(directory_.read(".out.inarch-partial/file"), "half");
  ASSERT_TRUE(remove_tree(*work));
  ASSERT_EQ(::symlink("/tmp", work->c_str()), 0);
  EXPECT_FALSE(open_work_dir(target_));
}

TEST_F(Output, ReservesFiles) {
  const std::string path = directory_.at("shard");
  const auto file = create_sized(path, 100'000);
  ASSERT_TRUE(file);
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_size, 100'000);
  EXPECT_FALSE(create_sized(path, 1));
}

TEST_F(Output, NeverTouchesASource) {
  directory_.write("models/a/model.safetensors", "");
  ASSERT_EQ(::symlink("models/a", directory_.at("link").c_str()), 0);
  const std::string source = directory_.at("models/a");
  const auto code = [&](const std::string& name) {
    return code_of(check_not_source(directory_.at(name), source));
  };
  EXPECT_EQ(code("models/a"), "E706");
  EXPECT_EQ(code("models/a/out"), "E706");
  EXPECT_EQ(code("link"), "E706");
  EXPECT_EQ(code("link/new/out"), "E706");
  EXPECT_EQ(code("models"), "E706");
  EXPECT_EQ(code("models/b"), "ok");
  EXPECT_EQ(code_of(check_not_source(source, directory_.at("models/a/model.safetensors"))), "E706");
}

}  // namespace
}  // namespace inarch
