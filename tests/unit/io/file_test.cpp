#include "runtime/io/file.h"

#include <cstring>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "temporary_directory.h"

namespace inarch {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span<const char>(text.data(), text.size()));
}

std::string read_at(const File& file, std::int64_t offset, std::size_t count) {
  std::string text(count, '?');
  const Status status =
      read_exact_at(file, std::as_writable_bytes(std::span<char>(text.data(), count)), offset);
  EXPECT_TRUE(status) << status.error().message;
  return text;
}

File opened(const std::string& path) {
  auto file = open_read(path);
  EXPECT_TRUE(file) << file.error().message;
  return std::move(*file);
}

File created(const std::string& path) {
  auto file = create_file(path);
  EXPECT_TRUE(file) << file.error().message;
  return std::move(*file);
}

TEST(File, ReadsExactly) {
  const TemporaryDirectory directory;
  const File file = opened(directory.write("f", "0123456789"));
  EXPECT_EQ(read_at(file, 3, 4), "3456");
  EXPECT_EQ(read_at(file, 10, 0), "");
}

TEST(File, NamesAFileThatEndsEarly) {
  const TemporaryDirectory directory;
  const File file = opened(directory.write("short", "0123456789"));
  std::byte buffer[8];
  const Status status = read_exact_at(file, buffer, 6);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, "E701");
  EXPECT_EQ(status.error().subject, directory.at("short"));
  EXPECT_EQ(status.error().message, "the file ends at byte 10, expected at least 14 bytes");
}

TEST(File, IsNotInheritedByChildren) {
  const TemporaryDirectory directory;
  const File file = opened(directory.write("f", "x"));
  EXPECT_NE(::fcntl(file.descriptor(), F_GETFD) & FD_CLOEXEC, 0);
  const File other = created(directory.at("g"));
  EXPECT_NE(::fcntl(other.descriptor(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST(File, RefusesWhatIsNoRegularFile) {
  const TemporaryDirectory directory;
  const std::string pipe = directory.at("pipe");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const std::string socket_path = directory.at("s");
  const int socket_descriptor = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  ASSERT_LT(socket_path.size(), sizeof address.sun_path);
  std::memcpy(address.sun_path, socket_path.c_str(), socket_path.size() + 1);
  ASSERT_EQ(::bind(socket_descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  const auto message = [](const std::string& path) {
    const auto file = open_read(path);
    return file ? "opened" : file.error().code + " " + file.error().message;
  };
  EXPECT_EQ(message(pipe), "E421 expected a regular file, found a named pipe");
  EXPECT_EQ(message(socket_path), "E421 expected a regular file, found a socket");
  EXPECT_EQ(message("/dev/zero"), "E421 expected a regular file, found a device");
  EXPECT_EQ(message(directory.path()), "E421 expected a regular file, found a directory");
  EXPECT_EQ(message(directory.at("absent")), "E701 cannot open: No such file or directory");
  ::close(socket_descriptor);
}

TEST(File, CreatesOnlyWhatIsNotThere) {
  const TemporaryDirectory directory;
  const std::string victim = directory.write("victim", "kept");
  ASSERT_EQ(::symlink(victim.c_str(), directory.at("link").c_str()), 0);
  for (const std::string& path : {victim, directory.at("link")}) {
    const auto file = create_file(path);
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().code, "E702");
  }
  EXPECT_FALSE(open_write(directory.at("link")));
  EXPECT_FALSE(write_small_file(directory.at("link"), "x"));
  EXPECT_EQ(directory.read("victim"), "kept");
}

TEST(File, WritesAtPlaces) {
  const TemporaryDirectory directory;
  File file = created(directory.at("f"));
  ASSERT_TRUE(preallocate(file, 8));
  ASSERT_TRUE(write_exact_at(file, bytes_of("xyz"), 5));
  ASSERT_TRUE(write_exact_at(file, bytes_of("ab"), 0));
  ASSERT_TRUE(sync_file(file));
  push_out(file, 0, 8);
  ASSERT_TRUE(file.close());
  EXPECT_FALSE(file.is_open());
  using namespace std::string_literals;
  EXPECT_EQ(directory.read("f"), "ab\0\0\0xyz"s);
  auto again = open_write(directory.at("f"));
  ASSERT_TRUE(again);
  ASSERT_TRUE(write_exact_at(*again, bytes_of("q"), 1));
  EXPECT_EQ(read_at(*again, 0, 2), "aq");
}

TEST(File, TellsAFullDiskFromOtherFaults) {
  const File full(::open("/dev/full", O_WRONLY | O_CLOEXEC), "/dev/full");
  ASSERT_TRUE(full.is_open());
  const Status status = write_exact_at(full, bytes_of("x"), 0);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, "E703");
  EXPECT_EQ(status.error().message, "cannot write: No space left on device");
  const TemporaryDirectory directory;
  const Status refused = write_exact_at(opened(directory.write("f", "x")), bytes_of("x"), 0);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "E702");
}

TEST(File, ReportsSpaceThatIsNotThereBeforeTheWork) {
  const TemporaryDirectory directory;
  const File file = created(directory.at("f"));
  EXPECT_FALSE(preallocate(file, std::int64_t{1} << 60));
}

TEST(File, ReadsSmallFilesUpToTheirLimit) {
  const TemporaryDirectory directory;
  const std::string path = directory.write("f", "0123456789");
  const auto whole = read_small_file(path, 10);
  ASSERT_TRUE(whole);
  EXPECT_EQ(*whole, "0123456789");
  const auto above = read_small_file(path, 9);
  ASSERT_FALSE(above);
  EXPECT_EQ(above.error().code, "E432");
  const auto empty = read_small_file(directory.write("e", ""), 9);
  ASSERT_TRUE(empty);
  EXPECT_EQ(*empty, "");
  EXPECT_EQ(read_small_file("/dev/zero", 9).error().code, "E421");
}

TEST(File, ReadsFilesThatStateNoSize) {
  const auto status = read_small_file("/proc/self/status", 1 << 20);
  ASSERT_TRUE(status);
  EXPECT_NE(status->find("VmPeak"), std::string::npos);
}

TEST(File, WritesSmallFilesOverOlderOnes) {
  const TemporaryDirectory directory;
  ASSERT_TRUE(write_small_file(directory.at("f"), "a longer text"));
  ASSERT_TRUE(write_small_file(directory.at("f"), "short"));
  EXPECT_EQ(directory.read("f"), "short");
}

TEST(File, MovesItsDescriptor) {
  const TemporaryDirectory directory;
  File a = opened(directory.write("f", "x"));
  const int descriptor = a.descriptor();
  File b = std::move(a);
  EXPECT_EQ(b.descriptor(), descriptor);
  b = opened(directory.write("g", "y"));
  EXPECT_EQ(read_at(b, 0, 1), "y");
  EXPECT_NE(b.descriptor(), descriptor);
  EXPECT_EQ(::fcntl(descriptor, F_GETFD), -1);
}

}  // namespace
}  // namespace inarch
