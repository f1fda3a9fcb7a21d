#include "runtime/lock/compare.h"

#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "compiler/support/sizes.h"
#include "compiler/support/text.h"
#include "runtime/io/directory.h"

namespace inarch {

namespace {

std::string description(const TensorInfo& tensor) {
  return fmt::format("{} {}", name(tensor.dtype), format_shape(tensor.shape));
}

std::span<const TensorInfo> tensors_of(const std::vector<TensorInfo>& tensors, std::size_t file) {
  const auto begin = std::partition_point(tensors.begin(), tensors.end(),
                                          [&](const TensorInfo& t) { return t.file < file; });
  const auto end = std::partition_point(begin, tensors.end(),
                                        [&](const TensorInfo& t) { return t.file == file; });
  return {begin, end};
}

std::string tensor_difference(const std::string& shard, std::span<const TensorInfo> locked,
                              std::span<const TensorInfo> found) {
  const std::size_t common = std::min(locked.size(), found.size());
  for (std::size_t k = 0; k < common; ++k) {
    const std::string name = escape_for_terminal(found[k].name);
    if (found[k].name != locked[k].name) {
      return fmt::format("{} has tensor '{}' where '{}' was", shard, name,
                         escape_for_terminal(locked[k].name));
    }
    const bool same = found[k].dtype == locked[k].dtype && found[k].shape == locked[k].shape;
    if (!same)
      return fmt::format("tensor '{}' is {}, and was {}", name, description(found[k]),
                         description(locked[k]));
  }
  if (found.size() > common)
    return fmt::format("{} has tensor '{}', which was not there", shard,
                       escape_for_terminal(found[common].name));
  if (locked.size() > common)
    return fmt::format("{} has no tensor '{}', which was there", shard,
                       escape_for_terminal(locked[common].name));
  return {};
}

}  // namespace

std::string directory_of_source(const Checkpoint& checkpoint) {
  return is_directory(checkpoint.location) ? checkpoint.location : parent_path(checkpoint.location);
}

std::optional<std::string> first_difference(const LockedSource& locked, const Checkpoint& found) {
  for (std::size_t k = 0; k < locked.shards.size() || k < found.files.size(); ++k) {
    if (k >= found.files.size())
      return fmt::format("it has no {}", escape_for_terminal(locked.shards[k].name));
    const FileIdentity& file = found.files[k];
    const std::string shard = escape_for_terminal(file.name);
    if (k >= locked.shards.size()) return fmt::format("{} was not there", shard);
    const LockedShard& was = locked.shards[k];
    if (file.name != was.name)
      return fmt::format("{} is there where {} was", shard, escape_for_terminal(was.name));
    if (file.header_sha256 != was.header_sha256) {
      std::string tensor =
          tensor_difference(shard, tensors_of(locked.tensors, k), tensors_of(found.tensors, k));
      return tensor.empty() ? fmt::format("{} has another header, with the same tensors", shard)
                            : tensor;
    }
    if (file.size != was.size) {
      return fmt::format("{} has {} bytes, and had {}", shard, format_count(file.size),
                         format_count(was.size));
    }
  }
  for (const LockedFile& file : locked.files) {
    const std::string path = join_path(directory_of_source(found), file.name);
    if (!resolves(path)) return fmt::format("it has no {}", escape_for_terminal(file.name));
  }
  return std::nullopt;
}

}  // namespace inarch
