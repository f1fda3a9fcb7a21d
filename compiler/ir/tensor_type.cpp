#include "compiler/ir/tensor_type.h"

#include <charconv>

#include <fmt/format.h>

namespace inarch {

std::int64_t Dim::size() const {
  std::int64_t product = 1;
  for (const Axis& axis : axes) product *= axis.size;
  return product;
}

Shape TensorType::shape() const {
  Shape shape;
  shape.reserve(dims.size());
  for (const Dim& dim : dims) shape.push_back(dim.size());
  return shape;
}

std::int64_t TensorType::elements() const {
  std::int64_t product = 1;
  for (const Dim& dim : dims) product *= dim.size();
  return product;
}

std::vector<std::int64_t> TensorType::axis_sizes() const {
  std::vector<std::int64_t> sizes;
  for (const Dim& dim : dims) {
    for (const Axis& axis : dim.axes) sizes.push_back(axis.size);
  }
  return sizes;
}

TensorType make_type(DType dtype, const Shape& shape) {
  TensorType type;
  type.dtype = dtype;
  type.dims.resize(shape.size());
  for (std::size_t d = 0; d < shape.size(); ++d) type.dims[d].axes.push_back({"", shape[d]});
  return type;
}

namespace {

std::optional<std::size_t> dimension_by_number(const TensorType& type, std::string_view name) {
  const auto rank = static_cast<long>(type.dims.size());
  if (name == "rows" && rank >= 1) return 0;
  if ((name == "columns" || name == "cols") && rank >= 2) return 1;
  long number = 0;
  const auto [end, failure] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (failure != std::errc() || end != name.data() + name.size()) return std::nullopt;
  if (number < 0) number += rank;
  if (number < 0 || number >= rank) return std::nullopt;
  return static_cast<std::size_t>(number);
}

AxisPosition position_of(const TensorType& type, std::size_t dim, std::size_t axis) {
  AxisPosition position{dim, axis, 1, type.dims[dim].axes[axis].size, 1};
  bool passed = false;
  for (std::size_t d = 0; d < type.dims.size(); ++d) {
    for (std::size_t a = 0; a < type.dims[d].axes.size(); ++a) {
      if (d == dim && a == axis) {
        passed = true;
      } else {
        (passed ? position.inner : position.outer) *= type.dims[d].axes[a].size;
      }
    }
  }
  return position;
}

}  // namespace

std::optional<AxisPosition> find_axis(const TensorType& type, std::string_view name) {
  for (std::size_t d = 0; d < type.dims.size(); ++d) {
    for (std::size_t a = 0; a < type.dims[d].axes.size(); ++a) {
      if (!name.empty() && type.dims[d].axes[a].name == name) return position_of(type, d, a);
    }
  }
  const auto dim = dimension_by_number(type, name);
  if (!dim || type.dims[*dim].axes.size() != 1) return std::nullopt;
  return position_of(type, *dim, 0);
}

std::string describe_axes(const TensorType& type) {
  if (type.dims.empty()) return "a scalar";
  std::string out;
  for (std::size_t d = 0; d < type.dims.size(); ++d) {
    const Dim& dim = type.dims[d];
    if (d > 0) out += ' ';
    std::string group;
    for (const Axis& axis : dim.axes) {
      std::string name = axis.name;
      if (name.empty())
        name = type.dims.size() <= 2 ? (d == 0 ? "rows" : "columns") : std::to_string(d);
      if (!group.empty()) group += ' ';
      group += fmt::format("{}={}", name, axis.size);
    }
    out += dim.axes.size() == 1 ? group : "(" + group + ")";
  }
  return out;
}

}  // namespace inarch
