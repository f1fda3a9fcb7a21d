#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/core/dtype.h"
#include "compiler/core/shape.h"

namespace inarch {

/// A factor of a dimension, with the name that `view` gave it or none.
struct Axis {
  std::string name;
  std::int64_t size = 1;
};

/// A dimension as the outside sees it: the product of its axes, outermost first. Flattening a
/// dimension's axes is the implied inverse of `view` and moves nothing.
struct Dim {
  std::vector<Axis> axes;
  std::int64_t size() const;
};

/// What is known of a tensor before any of it is read.
struct TensorType {
  DType dtype = DType::f32;
  bool chosen = true;  // false: made from nothing, so it takes whatever dtype the output asks for
  std::vector<Dim> dims;

  Shape shape() const;
  std::int64_t elements() const;
  /// Sizes of all axes in row-major order.
  std::vector<std::int64_t> axis_sizes() const;
};

TensorType make_type(DType dtype, const Shape& shape);

/// Where an axis stands: dims[dim].axes[axis], and the products of the sizes around it.
struct AxisPosition {
  std::size_t dim = 0;
  std::size_t axis = 0;
  std::int64_t outer = 1;
  std::int64_t size = 1;
  std::int64_t inner = 1;
};

/// Finds an axis by its name, by its dimension's number (-1 is the last), or as `rows` or `columns`
/// of an unnamed tensor. Nothing when there is none or the dimension is split.
std::optional<AxisPosition> find_axis(const TensorType& type, std::string_view name);

/// "(head=4 d=256) in=1152", "rows=4 columns=8": for messages.
std::string describe_axes(const TensorType& type);

}  // namespace inarch
