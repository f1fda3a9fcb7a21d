#include "runtime/io/hollow.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <vector>

#include <unistd.h>

namespace inarch {

namespace {

/// More than any file system's block: what is longer was written.
constexpr std::int64_t longest_block = 1 << 20;

bool is_zero(const File& file, std::int64_t begin, std::int64_t end) {
  std::vector<std::byte> bytes(static_cast<std::size_t>(end - begin));
  if (!read_exact_at(file, bytes, begin)) return false;
  return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
}

}  // namespace

bool is_hollow(const File& file, std::int64_t begin) {
  const auto state = file_state(file);
  if (!state || begin >= state->size) return false;
  const std::int64_t hole = ::lseek(file.descriptor(), begin, SEEK_HOLE);
  if (hole < 0 || hole >= state->size || hole - begin > longest_block) return false;
  const bool data_follows = ::lseek(file.descriptor(), hole, SEEK_DATA) >= 0 || errno != ENXIO;
  return !data_follows && is_zero(file, begin, hole);
}

}  // namespace inarch
