#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "compiler/core/catalog.h"
#include "compiler/support/result.h"
#include "runtime/io/file.h"

namespace inarch {

/// A safetensors file that a command writes its results to. It appears, or takes the place of a
/// file that was there, when all of it is written; until then it is beside that, as
/// ".{name}.inarch-partial".
class TensorFile {
 public:
  /// Of each tensor the name, dtype and shape; they lie in the order that readers like, wider
  /// elements first. E702, E703, E705 (the place is a directory).
  static Result<TensorFile> create(const std::string& path, std::vector<TensorInfo> tensors);
  TensorFile(TensorFile&&) noexcept = default;
  TensorFile& operator=(TensorFile&&) = delete;
  TensorFile(const TensorFile&) = delete;
  TensorFile& operator=(const TensorFile&) = delete;
  /// Removes what was not published.
  ~TensorFile();

  /// Writes bytes of tensor `number` (as given) from `begin` on. From any thread.
  Status write(std::size_t number, std::int64_t begin, std::span<const std::byte> bytes) const;
  Status publish();

 private:
  TensorFile(File file, std::string path, std::string partial)
      : file_(std::move(file)), path_(std::move(path)), partial_(std::move(partial)) {}

  File file_;
  std::string path_, partial_;
  std::vector<std::int64_t> offsets_;  // of each tensor as given
};

}  // namespace inarch
