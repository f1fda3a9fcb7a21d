#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "runtime/io/weight_index.h"
#include "runtime/lock/lock.h"
#include "runtime/lock/rebuild.h"

/// Any bytes as a lock. What is accepted must be a checkpoint whose tensors lie in its files, name
/// only files below its directory, and survive being written and read again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace inarch;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto lock = read_lock(text, "fuzz");
  if (!lock) return 0;
  for (const LockedSource& source : lock->sources) {
    for (const LockedShard& shard : source.shards) {
      if (unsafe_shard_name(shard.name)) std::abort();
    }
    for (const TensorInfo& tensor : source.tensors) {
      const std::int64_t end = source.shards[tensor.file].size;
      if (tensor.offset < 0 || tensor.bytes < 0 || tensor.bytes > end - tensor.offset) std::abort();
    }
    for (const auto& [number, bytes] : source.values) {
      if (static_cast<std::int64_t>(bytes.size()) != source.tensors[number].bytes) std::abort();
    }
    const auto checkpoint = rebuild_checkpoint(source, "somewhere");
    if (checkpoint && checkpoint->files.size() != source.shards.size()) std::abort();
  }
  const std::string written = write_lock(*lock);
  const auto again = read_lock(written, "fuzz");
  if (!again || write_lock(*again) != written) std::abort();
  return 0;
}
