#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "compiler/core/catalog.h"
#include "compiler/support/diagnostic.h"
#include "runtime/forward/decoder_tensors.h"

namespace inarch {

/// Finds tensors by name and holds them to shapes. The first fault is kept: E582 (missing), E583
/// (another shape, or elements that are no real numbers); after it, what is found means nothing.
class TensorFinder {
 public:
  explicit TensorFinder(const Checkpoint& model) : model_(&model) {}

  const TensorInfo* tensor(const std::string& name, const Shape& shape);
  MatrixPlace matrix(const std::string& name, std::int64_t rows, std::int64_t columns);
  /// The map with the weight "{module}.weight" and, if there is to be one, "{module}.bias".
  LinearPlace linear(const std::string& module, std::int64_t rows, std::int64_t columns,
                     bool bias = false);

  const std::optional<Diagnostic>& fault() const { return fault_; }

 private:
  const Checkpoint* model_;
  std::optional<Diagnostic> fault_;
};

}  // namespace inarch
