#pragma once

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/io/checkpoint.h"
#include "runtime/io/safetensors_header.h"
#include "runtime/kernels/convert.h"
#include "tests/unit/io/temporary_directory.h"

namespace inarch {

/// A tensor with its values, for a checkpoint on disk.
struct SmallTensor {
  std::string name;
  DType dtype = DType::f32;
  Shape shape;
  std::vector<double> values;
};

/// The text of a .safetensors file; values are rounded to the dtypes, which must be arithmetic.
inline std::string small_file(const std::vector<SmallTensor>& tensors) {
  std::vector<TensorInfo> infos;
  std::string data;
  for (const SmallTensor& tensor : tensors) {
    TensorInfo info;
    info.name = tensor.name;
    info.dtype = tensor.dtype;
    info.shape = tensor.shape;
    info.bytes = numel(tensor.shape) * bytes(tensor.dtype);
    EXPECT_EQ(numel(tensor.shape), static_cast<std::int64_t>(tensor.values.size())) << tensor.name;
    std::string encoded(static_cast<std::size_t>(info.bytes), '\0');
    encode(tensor.dtype, tensor.values.data(), static_cast<std::int64_t>(tensor.values.size()),
           encoded.data());
    data += encoded;
    infos.push_back(std::move(info));
  }
  return write_safetensors_header(infos) + data;
}

inline Checkpoint opened(const std::string& location) {
  Diagnostics diagnostics;
  auto checkpoint = open_checkpoint(location, diagnostics);
  EXPECT_TRUE(checkpoint.has_value()) << location;
  for (const Diagnostic& d : diagnostics.list()) ADD_FAILURE() << d.code << " " << d.message;
  return checkpoint ? std::move(*checkpoint) : Checkpoint();
}

/// A directory with one shard, opened.
class SmallCheckpoint {
 public:
  explicit SmallCheckpoint(const std::vector<SmallTensor>& tensors,
                           const std::string& config = "") {
    directory_.write("model.safetensors", small_file(tensors));
    if (!config.empty()) directory_.write("config.json", config);
    checkpoint_ = opened(directory_.path());
  }
  const Checkpoint& get() const { return checkpoint_; }
  const Checkpoint& operator*() const { return checkpoint_; }
  const std::string& path() const { return directory_.path(); }

 private:
  TemporaryDirectory directory_;
  Checkpoint checkpoint_;
};

}  // namespace inarch
