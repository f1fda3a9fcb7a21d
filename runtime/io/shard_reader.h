#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "compiler/core/catalog.h"
#include "compiler/support/result.h"
#include "runtime/io/file.h"

namespace inarch {

/// Reads bytes of a checkpoint's tensors for one thread. The last file stays open, since there can
/// be more shards than a process may open files.
class ShardReader {
 public:
  /// `checkpoint` must outlive the reader.
  explicit ShardReader(const Checkpoint& checkpoint) : checkpoint_(&checkpoint) {}

  /// Bytes [begin, begin + into.size()) of the tensor. E701 when the file cannot be read or has
  /// become shorter.
  Status read(const TensorInfo& tensor, std::int64_t begin, std::span<std::byte> into);

 private:
  const Checkpoint* checkpoint_;
  std::optional<std::uint32_t> open_;
  File file_;
};

}  // namespace inarch
