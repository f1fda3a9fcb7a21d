#include "runtime/io/file.h"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "compiler/support/sizes.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

constexpr mode_t new_file_mode = 0666;  // the umask takes its share

std::string error_text(int error_number) {
  return std::generic_category().message(error_number);  // strerror, but thread-safe
}

int open_retrying(const std::string& path, int flags) {
  return uninterrupted([&] { return ::open(path.c_str(), flags | O_CLOEXEC, new_file_mode); });
}

std::string_view kind_name(mode_t mode) {
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISFIFO(mode)) return "a named pipe";
  if (S_ISSOCK(mode)) return "a socket";
  if (S_ISCHR(mode) || S_ISBLK(mode)) return "a device";
  return "not a file";
}

Diagnostic not_regular(const std::string& path, mode_t mode) {
  return error("E421", fmt::format("expected a regular file, found {}", kind_name(mode))).in(path);
}

/// The kernel's limit of one transfer is just below 2 GiB.
std::size_t one_transfer(std::uint64_t bytes) {
  return static_cast<std::size_t>(std::min<std::uint64_t>(bytes, std::uint64_t{1} << 30u));
}

}  // namespace

File::File(File&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)) {}

File& File::operator=(File&& other) noexcept {
  if (this != &other) {
    if (is_open()) ::close(descriptor_);
    descriptor_ = std::exchange(other.descriptor_, -1);
    path_ = std::move(other.path_);
  }
  return *this;
}

File::~File() {
  if (is_open()) ::close(descriptor_);
}

Status File::close() {
  if (!is_open()) return {};
  // Never retried: after EINTR the descriptor is already gone on Linux.
  const int result = ::close(std::exchange(descriptor_, -1));
  if (result != 0 && errno != EINTR) return write_failure(path_, errno, "cannot close");
  return {};
}

FileState file_state(const struct stat& status) {
  return {static_cast<std::int64_t>(status.st_size),
          static_cast<std::int64_t>(status.st_mtim.tv_sec) * 1'000'000'000 +
              static_cast<std::int64_t>(status.st_mtim.tv_nsec),
          static_cast<std::uint64_t>(status.st_ino)};
}

Diagnostic read_failure(const std::string& path, int error_number, std::string doing) {
  return error("E701", fmt::format("{}: {}", doing, error_text(error_number))).in(path);
}

Diagnostic write_failure(const std::string& path, int error_number, std::string doing) {
  const bool full = error_number == ENOSPC || error_number == EDQUOT;
  Diagnostic failure =
      error(full ? "E703" : "E702", fmt::format("{}: {}", doing, error_text(error_number)))
          .in(path);
  if (full) failure.help = "free some space, or choose an output directory on another disk";
  return failure;
}

Result<File> open_read(const std::string& path) {
  // O_NONBLOCK keeps open(2) from waiting for the other end of a FIFO; regular files ignore it.
  File file(open_retrying(path, O_RDONLY | O_NONBLOCK | O_NOCTTY), path);
  if (!file.is_open()) {
    const int reason = errno;
    struct stat status {};
    // Sockets cannot be opened at all; say what it is rather than "no such device".
    if (reason == ENXIO && ::stat(path.c_str(), &status) == 0) {
      return not_regular(path, status.st_mode);
    }
    return read_failure(path, reason, "cannot open");
  }
  struct stat status {};
  if (::fstat(file.descriptor(), &status) != 0) return read_failure(path, errno, "cannot open");
  if (!S_ISREG(status.st_mode)) return not_regular(path, status.st_mode);
  return file;
}

Result<File> create_file(const std::string& path) {
  File file(open_retrying(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW), path);
  if (!file.is_open()) return write_failure(path, errno, "cannot create");
  return file;
}

Result<File> open_write(const std::string& path) {
  File file(open_retrying(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY), path);
  if (!file.is_open()) return write_failure(path, errno, "cannot open for writing");
  struct stat status {};
  if (::fstat(file.descriptor(), &status) != 0) return write_failure(path, errno);
  if (!S_ISREG(status.st_mode)) return not_regular(path, status.st_mode);
  return file;
}

Result<FileState> file_state(const File& file) {
  struct stat status {};
  if (::fstat(file.descriptor(), &status) != 0) return read_failure(file.path(), errno);
  return file_state(status);
}

Status read_exact_at(const File& file, std::span<std::byte> into, std::int64_t offset) {
  std::size_t done = 0;
  while (done < into.size()) {
    const ssize_t got =
        ::pread(file.descriptor(), into.data() + done, one_transfer(into.size() - done),
                offset + static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return read_failure(file.path(), errno);
    if (got == 0) {
      const auto end = offset + static_cast<std::int64_t>(into.size());
      return error("E701", fmt::format("the file ends at byte {}, expected at least {} bytes",
                                       format_count(offset + static_cast<std::int64_t>(done)),
                                       format_count(end)))
          .in(file.path())
          .note("it became shorter while it was read");
    }
    done += static_cast<std::size_t>(got);
  }
  return {};
}

Status write_exact_at(const File& file, std::span<const std::byte> bytes, std::int64_t offset) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t put =
        ::pwrite(file.descriptor(), bytes.data() + done, one_transfer(bytes.size() - done),
                 offset + static_cast<off_t>(done));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return write_failure(file.path(), errno);
    if (put == 0) return write_failure(file.path(), EIO);
    done += static_cast<std::size_t>(put);
  }
  return {};
}

namespace {

Diagnostic cannot_reserve(const File& file, std::int64_t size, int error_number) {
  return write_failure(file.path(), error_number,
                       fmt::format("cannot reserve {}", format_bytes(size)));
}

}  // namespace

Status preallocate(const File& file, std::int64_t size) {
  if (uninterrupted([&] { return ::ftruncate(file.descriptor(), size); }) != 0) {
    return write_failure(file.path(), errno, "cannot set the size");
  }
  if (size == 0) return {};
  // A memory file system reserves by filling pages with zeros, as slow as writing them twice.
  struct statfs system {};
  if (::fstatfs(file.descriptor(), &system) == 0 && system.f_type == TMPFS_MAGIC) {
    const auto free = static_cast<std::int64_t>(system.f_bavail) * system.f_bsize;
    const bool limited = system.f_blocks > 0;
    return limited && free < size ? Status(cannot_reserve(file, size, ENOSPC)) : Status();
  }
  // Not posix_fallocate: where the file system cannot reserve, it writes every block instead.
  const int result = uninterrupted([&] { return ::fallocate(file.descriptor(), 0, 0, size); });
  if (result == 0 || errno == EOPNOTSUPP || errno == ENOSYS || errno == EINVAL) return {};
  return cannot_reserve(file, size, errno);
}

Status sync_file(const File& file) {
  if (uninterrupted([&] { return ::fsync(file.descriptor()); }) == 0) return {};
  return write_failure(file.path(), errno, "cannot make it durable");
}

void push_out(const File& file, std::int64_t offset, std::int64_t bytes) {
  (void)::sync_file_range(file.descriptor(), offset, bytes, SYNC_FILE_RANGE_WRITE);
}

void read_ahead(const File& file, std::int64_t offset, std::int64_t bytes) {
  (void)::posix_fadvise(file.descriptor(), offset, bytes, POSIX_FADV_WILLNEED);
}

void expect_sequential(const File& file) {
  (void)::posix_fadvise(file.descriptor(), 0, 0, POSIX_FADV_SEQUENTIAL);
}

void drop_cached(const File& file, std::int64_t offset, std::int64_t bytes) {
  (void)::posix_fadvise(file.descriptor(), offset, bytes, POSIX_FADV_DONTNEED);
}

Result<std::string> read_small_file(const std::string& path, std::int64_t limit) {
  auto file = open_read(path);
  if (!file) return std::move(file.error());
  const auto state = file_state(*file);
  if (!state) return state.error();
  // Files of /proc and the like state size 0 and still have content: read until the end.
  const auto most = static_cast<std::size_t>(limit) + 1;
  std::string text;
  std::size_t room = std::min(most, static_cast<std::size_t>(state->size) + 1);
  while (text.size() < most) {
    const std::size_t before = text.size();
    text.resize(before + room);
    const ssize_t got =
        ::pread(file->descriptor(), text.data() + before, room, static_cast<off_t>(before));
    const int reason = errno;
    text.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got == 0) return text;
    if (got < 0 && reason != EINTR) return read_failure(path, reason);
    room = std::min(most - text.size(), std::size_t{64} * 1024);
  }
  return error("E432", fmt::format("the file is larger than {}, the most that is read here",
                                   format_memory(limit)))
      .in(path);
}

Status write_small_file(const std::string& path, std::string_view text) {
  File file(open_retrying(path, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW), path);
  if (!file.is_open()) return write_failure(path, errno, "cannot create");
  const std::span<const char> characters(text.data(), text.size());
  if (Status status = write_exact_at(file, std::as_bytes(characters), 0); !status) return status;
  if (Status status = sync_file(file); !status) return status;
  return file.close();
}

}  // namespace inarch
