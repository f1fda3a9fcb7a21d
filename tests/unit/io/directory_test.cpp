#include "runtime/io/directory.h"

#include <string>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "temporary_directory.h"

namespace inarch {
namespace {

TEST(Directory, ListsInOrderWithKinds) {
  const TemporaryDirectory directory;
  directory.write("b", "");
  directory.write("sub/x", "");
  ASSERT_EQ(::symlink("nowhere", directory.at("a").c_str()), 0);
  ASSERT_EQ(::mkfifo(directory.at("pipe").c_str(), 0600), 0);
  const auto entries = list_directory(directory.path());
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 4u);
  EXPECT_EQ((*entries)[0].name, "a");
  EXPECT_EQ((*entries)[0].kind, EntryKind::symlink);
  EXPECT_EQ((*entries)[1].kind, EntryKind::regular);
  EXPECT_EQ((*entries)[2].kind, EntryKind::other);
  EXPECT_EQ((*entries)[3].kind, EntryKind::directory);
  EXPECT_EQ(list_directory(directory.at("absent")).error().code, "E701");
}

TEST(Directory, TellsDanglingLinksFromNothing) {
  const TemporaryDirectory directory;
  ASSERT_EQ(::symlink("nowhere", directory.at("link").c_str()), 0);
  EXPECT_TRUE(exists(directory.at("link")));
  EXPECT_FALSE(resolves(directory.at("link")));
  EXPECT_FALSE(exists(directory.at("nothing")));
}

TEST(Directory, TakesPathsApart) {
  EXPECT_EQ(join_path("a", "b"), "a/b");
  EXPECT_EQ(join_path("a/", "b"), "a/b");
  EXPECT_EQ(join_path("", "b"), "b");
  EXPECT_EQ(base_name("/a/b//"), "b");
  EXPECT_EQ(base_name("b"), "b");
  EXPECT_EQ(parent_path("/a/b/"), "/a");
  EXPECT_EQ(parent_path("/a"), "/");
  EXPECT_EQ(parent_path("a"), ".");
  EXPECT_EQ(parent_path("a//b"), "a");
}

TEST(Directory, RemovesATreeAndNeverFollowsLinks) {
  const TemporaryDirectory directory;
  directory.write("outside/kept", "x");
  directory.write("tree/a/b/c", "x");
  ASSERT_EQ(::symlink(directory.at("outside").c_str(), directory.at("tree/a/link").c_str()), 0);
  ASSERT_EQ(::symlink("loop", directory.at("tree/loop").c_str()), 0);
  ASSERT_TRUE(remove_tree(directory.at("tree")));
  EXPECT_FALSE(exists(directory.at("tree")));
  EXPECT_EQ(directory.read("outside/kept"), "x");
  ASSERT_EQ(::symlink(directory.at("outside").c_str(), directory.at("link").c_str()), 0);
  ASSERT_TRUE(remove_tree(directory.at("link")));
  EXPECT_EQ(directory.read("outside/kept"), "x");
  EXPECT_TRUE(remove_tree(directory.at("never")));
}

TEST(Directory, MakesParents) {
  const TemporaryDirectory directory;
  ASSERT_TRUE(make_directories(directory.at("a/b/c")));
  ASSERT_TRUE(make_directories(directory.at("a/b/c/")));
  EXPECT_TRUE(is_directory(directory.at("a/b/c")));
  directory.write("file", "");
  EXPECT_EQ(make_directories(directory.at("file/x")).error().code, "E702");
  EXPECT_TRUE(sync_tree(directory.path()));
}

TEST(SameOrInside, ComparesWhatPathsMean) {
  const TemporaryDirectory directory;
  ASSERT_TRUE(make_directories(directory.at("model/sub")));
  ASSERT_TRUE(make_directories(directory.at("model-2")));
  ASSERT_EQ(::symlink("model", directory.at("link").c_str()), 0);
  ASSERT_EQ(::symlink("model/sub", directory.at("deep").c_str()), 0);
  const std::string model = directory.at("model");
  EXPECT_TRUE(same_or_inside(model, model));
  EXPECT_TRUE(same_or_inside(model + "/", model));
  EXPECT_TRUE(same_or_inside(directory.at("model/sub/../new/x"), model));
  EXPECT_TRUE(same_or_inside(directory.at("link"), model));
  EXPECT_TRUE(same_or_inside(directory.at("link/new"), model));
  EXPECT_TRUE(same_or_inside(directory.at("deep"), model));
  EXPECT_TRUE(same_or_inside(model, directory.at("link")));
  EXPECT_FALSE(same_or_inside(directory.at("model-2"), model));
  EXPECT_FALSE(same_or_inside(directory.at("other"), model));
  EXPECT_FALSE(same_or_inside(directory.path(), model));
  EXPECT_TRUE(same_or_inside(model, "/"));
}

}  // namespace
}  // namespace inarch
