#include "runtime/forward/tensor_finder.h"

#include <vector>

#include <fmt/format.h>

#include "compiler/support/text.h"

namespace inarch {

namespace {

Diagnostic missing(const Checkpoint& model, const std::string& name) {
  std::vector<std::string> names;
  for (const TensorInfo& tensor : model.tensors) names.push_back(tensor.name);
  Diagnostic fault =
      error("E582", fmt::format("there is no tensor '{}', which the model needs to run", name))
          .in(escape_for_terminal(model.location));
  const std::string near = nearest(name, names);
  if (!near.empty()) fault.notes.push_back(fmt::format("there is '{}'", escape_for_terminal(near)));
  return fault;
}

/// Why the values of a tensor cannot be read here, or "".
std::string unreadable(const Checkpoint& model, const TensorInfo& tensor) {
  if (!tensor.is_encoded()) {
    return is_arithmetic(tensor.dtype)
               ? ""
               : fmt::format("is stored as {}, which is no type of weights", name(tensor.dtype));
  }
  const bool turned = model.encoded[static_cast<std::size_t>(tensor.encoded)].transposed;
  return turned ? "is encoded by columns, and is read by rows" : "";
}

}  // namespace

const TensorInfo* TensorFinder::tensor(const std::string& name, const Shape& shape) {
  if (fault_) return nullptr;
  const TensorInfo* found = model_->find(name);
  if (found == nullptr) {
    fault_ = missing(*model_, name);
    return nullptr;
  }
  const std::string why = found->shape != shape
                              ? fmt::format("has shape {}, and the config makes it {}",
                                            format_shape(found->shape), format_shape(shape))
                              : unreadable(*model_, *found);
  if (!why.empty()) {
    fault_ = error("E583", fmt::format("tensor '{}' {}", name, why))
                 .in(escape_for_terminal(model_->location));
  }
  return found;
}

MatrixPlace TensorFinder::matrix(const std::string& name, std::int64_t rows, std::int64_t columns) {
  return {tensor(name, {rows, columns}), 0, rows, columns};
}

LinearPlace TensorFinder::linear(const std::string& module, std::int64_t rows, std::int64_t columns,
                                 bool bias) {
  LinearPlace place;
  place.weight = matrix(module + ".weight", rows, columns);
  if (bias) place.bias = tensor(module + ".bias", {rows});
  place.module = module;
  return place;
}

}  // namespace inarch
