#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "compiler/plan/plan.h"
#include "runtime/io/safetensors_header.h"
#include "runtime/kernels/convert.h"
#include "tests/unit/io/temporary_directory.h"

namespace inarch {

/// Stored bytes of `values` in an arithmetic dtype.
inline std::string stored(DType dtype, const std::vector<double>& values) {
  std::string bytes_of(values.size() * static_cast<std::size_t>(bytes(dtype)), '\0');
  encode(dtype, values.data(), static_cast<std::int64_t>(values.size()), bytes_of.data());
  return bytes_of;
}

/// Writes small checkpoints of one file and remembers where each tensor is.
class CheckpointMaker {
 public:
  void add(const std::string& name, DType dtype, Shape shape, std::string data) {
    TensorInfo tensor;
    tensor.name = name;
    tensor.dtype = dtype;
    tensor.shape = std::move(shape);
    tensor.bytes = static_cast<std::int64_t>(data.size());
    tensors_.push_back(tensor);
    data_ += data;
  }
  void add(const std::string& name, DType dtype, Shape shape, const std::vector<double>& values) {
    add(name, dtype, std::move(shape), stored(dtype, values));
  }

  /// The file `name` in `directory`, as a source of a plan.
  PlanSource write(const TemporaryDirectory& directory, const std::string& name) {
    const std::string header = write_safetensors_header(tensors_);
    auto at = static_cast<std::int64_t>(header.size());
    for (const TensorInfo& tensor : tensors_) {
      offsets_[tensor.name] = at;
      at += tensor.bytes;
    }
    const std::string path = directory.write(name, header + data_);
    Diagnostics diagnostics;
    const auto file = read_safetensors_header(path, base_name(name), diagnostics);
    EXPECT_TRUE(file.has_value());
    return {"text", directory.path(), {file->identity}};
  }

  /// A read of a whole tensor; only after write().
  Op read(const std::string& name, std::uint32_t source = 0) const {
    for (const TensorInfo& tensor : tensors_) {
      if (tensor.name != name) continue;
      return {ReadOp{false, source, 0, offsets_.at(name), tensor.dtype}, {}, numel(tensor.shape)};
    }
    ADD_FAILURE() << "no tensor " << name;
    return {};
  }
  std::int64_t offset(const std::string& name) const { return offsets_.at(name); }

 private:
  std::vector<TensorInfo> tensors_;
  std::map<std::string, std::int64_t> offsets_;
  std::string data_;
};

}  // namespace inarch
