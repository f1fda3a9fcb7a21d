#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include <sys/stat.h>

#include "compiler/support/result.h"

namespace inarch {

/// An open file descriptor and the path that messages name. Closed at the end of its life.
/// Positioned reads and writes may come from several threads at once.
class File {
 public:
  File() = default;
  File(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
  File(File&& other) noexcept;
  File& operator=(File&& other) noexcept;
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File();

  bool is_open() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }
  const std::string& path() const { return path_; }
  /// Closes and reports what close(2) had to say; late write errors surface here (E702, E703).
  Status close();

 private:
  int descriptor_ = -1;
  std::string path_;
};

/// Makes a system call again while signals cut it short.
template <typename Call>
auto uninterrupted(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

/// What stat(2) tells of a regular file and identifies its content by.
struct FileState {
  std::int64_t size = 0;
  std::int64_t mtime_ns = 0;
  std::uint64_t inode = 0;
};
FileState file_state(const struct stat& status);

/// The diagnostic of a failed system call: E701 for reading, E702 for writing and E703 when the
/// disk or the quota is full. `doing` is a phrase such as "cannot read".
Diagnostic read_failure(const std::string& path, int error_number,
                        std::string doing = "cannot read");
Diagnostic write_failure(const std::string& path, int error_number,
                         std::string doing = "cannot write");

/// Opens a regular file, through symlinks. A FIFO, device, socket or directory is E421 and never
/// waits; anything else that fails is E701.
Result<File> open_read(const std::string& path);
/// Creates `path`, which must not exist (a symlink counts as existing).
Result<File> create_file(const std::string& path);
/// Opens an existing regular file for reading and writing; a symlink is refused.
Result<File> open_write(const std::string& path);
Result<FileState> file_state(const File& file);

/// Fills `into` from `offset` on. An end of file before that is E701: the file was truncated.
Status read_exact_at(const File& file, std::span<std::byte> into, std::int64_t offset);
Status write_exact_at(const File& file, std::span<const std::byte> bytes, std::int64_t offset);

/// Sets the size and reserves the blocks, so that a full disk shows before the work (E703). File
/// systems that cannot reserve are left with a sparse file.
Status preallocate(const File& file, std::int64_t size);
/// After a failure the file must be discarded: the kernel forgets what it could not write.
Status sync_file(const File& file);
/// Starts writing a finished range to disk without waiting for it; only a hint.
void push_out(const File& file, std::int64_t offset, std::int64_t bytes);
/// Starts reading a range into the page cache; only a hint.
void read_ahead(const File& file, std::int64_t offset, std::int64_t bytes);
/// Says that the whole file is read front to back; only a hint.
void expect_sequential(const File& file);
/// Lets go of cached pages of a range that is not needed again; only a hint.
void drop_cached(const File& file, std::int64_t offset, std::int64_t bytes);

/// A whole small file. More than `limit` bytes is E432, and no more than that is ever read.
Result<std::string> read_small_file(const std::string& path, std::int64_t limit);
/// Creates or replaces `path` and waits until its bytes are on disk. Not atomic: for files in a
/// directory that is itself published as a whole.
Status write_small_file(const std::string& path, std::string_view text);

}  // namespace inarch
