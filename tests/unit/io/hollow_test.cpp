#include "runtime/io/hollow.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/unit/io/temporary_directory.h"

namespace inarch {
namespace {

/// A file of `size` bytes with `text` at its start, and nothing else written.
File sparse(const std::string& path, const std::string& text, std::int64_t size) {
  auto file = create_file(path);
  EXPECT_TRUE(file);
  EXPECT_TRUE(write_exact_at(*file, std::as_bytes(std::span(text.data(), text.size())), 0));
  EXPECT_EQ(::ftruncate(file->descriptor(), size), 0);
  return std::move(*file);
}

class Hollow : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return directory_.path() + "/" + name; }

 private:
  TemporaryDirectory directory_;
};

TEST_F(Hollow, a_header_and_a_hole) {
  const File file = sparse(path("a"), "header", 1 << 20);
  if (::lseek(file.descriptor(), 0, SEEK_HOLE) == 1 << 20) GTEST_SKIP() << "no holes here";
  EXPECT_TRUE(is_hollow(file, 6));
  EXPECT_TRUE(is_hollow(file, 65536));
  EXPECT_FALSE(is_hollow(file, 0)) << "the header is no zeros";
}

TEST_F(Hollow, what_was_written_is_there) {
  const File file = sparse(path("a"), "header", 1 << 20);
  const std::string zero(1, '\0');
  ASSERT_TRUE(write_exact_at(file, std::as_bytes(std::span(zero.data(), 1)), 1 << 19));
  EXPECT_FALSE(is_hollow(file, 6)) << "a zero in the middle";
  EXPECT_FALSE(is_hollow(sparse(path("b"), "header and values", 1 << 20), 6));
  EXPECT_FALSE(is_hollow(sparse(path("c"), "header", 6), 6)) << "there is nothing at all";
}

}  // namespace
}  // namespace inarch
