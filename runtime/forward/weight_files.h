#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "compiler/core/catalog.h"
#include "compiler/support/result.h"
#include "runtime/io/file.h"

namespace inarch {

/// Reads the tensors of a checkpoint for any number of threads. The last few shards stay open:
/// there can be more than a process may open files.
class WeightFiles {
 public:
  /// `model` must outlive it.
  explicit WeightFiles(const Checkpoint& model) : model_(&model) {}

  const Checkpoint& model() const { return *model_; }
  /// Bytes [begin, begin + into.size()) of what is stored. E701.
  Status read(const TensorInfo& tensor, std::int64_t begin, std::span<std::byte> into);
  /// Begins to read what is stored of a tensor, or bytes of it, into the page cache; only a hint.
  void expect(const TensorInfo& tensor, std::int64_t begin, std::int64_t bytes);

 private:
  Result<std::shared_ptr<const File>> file(std::uint32_t index);

  const Checkpoint* model_;
  std::mutex mutex_;
  std::deque<std::pair<std::uint32_t, std::shared_ptr<const File>>> open_;  // the last used first
};

/// All values of a small plain tensor (a norm, a bias) as f32. E701.
Result<std::vector<float>> read_vector(WeightFiles& files, const TensorInfo& tensor);

}  // namespace inarch
