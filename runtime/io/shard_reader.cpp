#include "runtime/io/shard_reader.h"

#include <utility>

namespace inarch {

Status ShardReader::read(const TensorInfo& tensor, std::int64_t begin, std::span<std::byte> into) {
  if (open_ != tensor.file) {
    auto file = open_read(checkpoint_->files[tensor.file].path);
    if (!file) return file.error();
    file_ = std::move(*file);
    expect_sequential(file_);
    open_ = tensor.file;
  }
  return read_exact_at(file_, into, tensor.offset + begin);
}

}  // namespace inarch
