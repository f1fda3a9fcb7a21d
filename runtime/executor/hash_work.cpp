#include "runtime/executor/hash_work.h"

#include <algorithm>
#include <span>

#include "runtime/kernels/content_hash.h"

namespace inarch {

namespace {

constexpr std::int64_t buffer_bytes = 256 * 1024;

}  // namespace

UnitWork::Demand HashWork::demand(std::int64_t) const { return {buffer_bytes, 0, 0}; }

Status HashWork::run(std::int64_t unit, Arena& arena) {
  HashTask& task = tasks_[static_cast<std::size_t>(unit)];
  const File& file = files_[task.tensor.file];
  auto* buffer = static_cast<std::byte*>(arena.take(buffer_bytes));
  TensorHash hash;
  for (std::int64_t at = 0; at < task.tensor.bytes; at += buffer_bytes) {
    const std::int64_t n = std::min(buffer_bytes, task.tensor.bytes - at);
    const std::span<std::byte> bytes(buffer, static_cast<std::size_t>(n));
    if (Status status = read_exact_at(file, bytes, task.tensor.offset + at); !status) {
      return status;
    }
    hash.update(bytes.data(), bytes.size());
    bytes_ += n;
    progress_.advanced(n, task.tensor.name);
  }
  task.digest = hash.digest();
  return {};
}

}  // namespace inarch
