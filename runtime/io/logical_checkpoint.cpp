#include "runtime/io/logical_checkpoint.h"

#include <memory>

#include <fmt/format.h>

#include "compiler/support/text.h"
#include "runtime/io/shard_reader.h"

namespace inarch {

ReadSmallTensor small_tensor_reader(const Checkpoint& checkpoint) {
  constexpr std::int64_t most_bytes = 65536;
  const auto reader = std::make_shared<ShardReader>(checkpoint);
  return [reader](const TensorInfo& tensor) -> Result<std::string> {
    if (tensor.bytes > most_bytes) {
      return error("E438", fmt::format("tensor '{}' has {} bytes, too many for what it is to hold",
                                       escape_for_terminal(tensor.name), tensor.bytes));
    }
    std::string bytes(static_cast<std::size_t>(tensor.bytes), '\0');
    const Status status = reader->read(tensor, 0, std::as_writable_bytes(std::span(bytes)));
    if (!status) return status.error();
    return bytes;
  };
}

bool read_encodings(Checkpoint& checkpoint, const ReadSmallTensor& read, Diagnostics& diagnostics) {
  const std::size_t before = diagnostics.errors();
  recognise_encodings(checkpoint, read, diagnostics);
  return diagnostics.errors() == before;
}

bool read_encodings(Checkpoint& checkpoint, Diagnostics& diagnostics) {
  return read_encodings(checkpoint, small_tensor_reader(checkpoint), diagnostics);
}

}  // namespace inarch
