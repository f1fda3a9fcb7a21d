#include <algorithm>
#include <cerrno>
#include <vector>

#include <unistd.h>

#include "runtime/io/file.h"

namespace inarch {

namespace {

constexpr std::int64_t buffer_bytes = 1024 * 1024;
/// Short enough that a cancelled run does not wait long.
constexpr std::int64_t kernel_copy_bytes = std::int64_t{256} * 1024 * 1024;

Status copy_through_buffer(const File& from, std::int64_t from_offset, const File& to,
                           std::int64_t to_offset, std::int64_t bytes) {
  std::vector<std::byte> buffer(static_cast<std::size_t>(std::min(bytes, buffer_bytes)));
  while (bytes > 0) {
    const std::span<std::byte> piece(buffer.data(),
                                     static_cast<std::size_t>(std::min(bytes, buffer_bytes)));
    if (Status status = read_exact_at(from, piece, from_offset); !status) return status;
    if (Status status = write_exact_at(to, piece, to_offset); !status) return status;
    const auto done = static_cast<std::int64_t>(piece.size());
    from_offset += done;
    to_offset += done;
    bytes -= done;
  }
  return {};
}

}  // namespace

Status copy_range(const File& from, std::int64_t from_offset, const File& to,
                  std::int64_t to_offset, std::int64_t bytes) {
  while (bytes > 0) {
    off_t in = from_offset;
    off_t out = to_offset;
    const ssize_t done =
        ::copy_file_range(from.descriptor(), &in, to.descriptor(), &out,
                          static_cast<std::size_t>(std::min(bytes, kernel_copy_bytes)), 0);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0 && (errno == ENOSPC || errno == EDQUOT)) return write_failure(to.path(), errno);
    // EXDEV, EINVAL, ENOSYS, EOPNOTSUPP, EPERM: it cannot do this pair of files. EIO does not tell
    // which side failed. 0 is an end of file, or a file system that cannot and does not say so. In
    // all of these the ordinary calls either do it or give the true reason.
    if (done <= 0) return copy_through_buffer(from, from_offset, to, to_offset, bytes);
    from_offset += done;
    to_offset += done;
    bytes -= done;
  }
  return {};
}

}  // namespace inarch
