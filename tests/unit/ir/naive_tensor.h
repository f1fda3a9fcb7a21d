#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/ir/graph_values.h"

namespace inarch {

using Index = std::vector<std::int64_t>;

/// An array with one index for each axis, made element by element: the slow way to say what a
/// transform does. `groups` says how many axes make up each dimension.
struct Naive {
  Shape sizes;
  std::vector<std::string> names;
  std::vector<std::size_t> groups;
  Values values;

  std::size_t flat(const Index& index) const {
    std::int64_t at = 0;
    for (std::size_t d = 0; d < sizes.size(); ++d) at = at * sizes[d] + index[d];
    return static_cast<std::size_t>(at);
  }
  double at(const Index& index) const { return values.at(flat(index)); }
  Shape shape() const {
    Shape shape;
    std::size_t axis = 0;
    for (const std::size_t group : groups) {
      std::int64_t size = 1;
      for (std::size_t k = 0; k < group; ++k) size *= sizes[axis++];
      shape.push_back(size);
    }
    return shape;
  }

  /// The same axes with other sizes, each element from `f`.
  Naive made(Shape new_sizes, const std::function<double(const Index&)>& f) const {
    Naive result{std::move(new_sizes), names, groups, {}};
    Index index(result.sizes.size(), 0);
    for (std::int64_t k = numel(result.sizes); k > 0; --k) {
      result.values.push_back(f(index));
      for (std::size_t d = index.size(); d-- > 0;) {
        if (++index[d] < result.sizes[d]) break;
        index[d] = 0;
      }
    }
    return result;
  }
  /// Element i of the axis is element source(i) of the old one, or `fill` when that is negative.
  Naive along(std::size_t axis, std::int64_t size,
              const std::function<std::int64_t(std::int64_t)>& source, double fill = 0) const {
    Shape new_sizes = sizes;
    new_sizes[axis] = size;
    return made(new_sizes, [&](Index index) {
      index[axis] = source(index[axis]);
      return index[axis] < 0 ? fill : at(index);
    });
  }
  Naive mapped(const std::function<double(double)>& f) const {
    Naive result = *this;
    for (double& value : result.values) value = f(value);
    return result;
  }
};

}  // namespace inarch
