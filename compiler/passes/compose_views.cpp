// Composition of strided views.
//
// An outer view addresses the flat positions of the inner view's result: offset + Σ kⱼ·tⱼ. The
// inner view reads such a position as a number in the mixed radix of its own sizes n_d, whose digit
// d has the weight f_d = Π of the sizes inside it, and maps each digit to its stride r_d. When the
// contributions of all outer dimensions can be assigned to digits so that no digit ever reaches
// n_d, there are no carries, and each outer stride tⱼ = a·f_d turns into the stride a·r_d. A
// dimension that would overflow a digit is split where it fills that digit exactly, and its outer
// part moves on to the next one.

#include "compiler/passes/compose_views.h"

#include <algorithm>

namespace inarch {

namespace {

struct Digit {
  std::int64_t size;     // n_d
  std::int64_t weight;   // f_d
  std::int64_t stride;   // r_d
  std::int64_t highest;  // the largest value that the offset and the dimensions so far can give it
};

/// The digit that a stride counts in, or null.
Digit* digit_of(std::vector<Digit>& digits, std::int64_t stride) {
  for (Digit& digit : digits) {
    if (stride % digit.weight == 0 && stride / digit.weight < digit.size) return &digit;
  }
  return nullptr;
}

/// Assigns one outer dimension to digits; the factors come out innermost first.
bool assign(std::vector<Digit>& digits, std::int64_t size, std::int64_t stride,
            std::vector<ViewDim>& factors) {
  while (size > 1) {
    if (stride == 0) {
      factors.push_back({size, 0});
      return true;
    }
    Digit* digit = digit_of(digits, stride);
    if (!digit) return false;
    const std::int64_t step = stride / digit->weight;
    if (digit->highest + step * (size - 1) < digit->size) {
      digit->highest += step * (size - 1);
      factors.push_back({size, step * digit->stride});
      return true;
    }
    const std::int64_t filling = digit->size / step;
    if (digit->size % step != 0 || size % filling != 0 || digit->highest != 0) return false;
    digit->highest = step * (filling - 1);
    factors.push_back({filling, step * digit->stride});
    size /= filling;
    stride *= filling;
  }
  return true;
}

}  // namespace

ViewOp normalized(ViewOp view) {
  std::vector<ViewDim> dims;
  for (const ViewDim& dim : view.dims) {
    if (dim.size == 1) continue;
    const bool continues = !dims.empty() && dims.back().stride == dim.size * dim.stride;
    if (continues) {
      dims.back() = {dims.back().size * dim.size, dim.stride};
    } else {
      dims.push_back(dim);
    }
  }
  if (dims.empty()) dims.push_back({1, 1});
  view.dims = std::move(dims);
  return view;
}

std::optional<ViewOp> compose(const ViewOp& outer, const ViewOp& inner) {
  std::vector<Digit> digits;
  std::int64_t weight = 1;
  for (auto dim = inner.dims.rbegin(); dim != inner.dims.rend(); ++dim) {
    if (dim->size == 0) return std::nullopt;
    digits.push_back({dim->size, weight, dim->stride, 0});
    weight *= dim->size;
  }
  std::int64_t start = outer.offset;
  for (const ViewDim& dim : outer.dims) {
    if (dim.size == 0) return std::nullopt;
    if (dim.stride < 0) start += dim.stride * (dim.size - 1);
  }
  ViewOp result;
  result.offset = inner.offset;
  for (Digit& digit : digits) {
    digit.highest = start / digit.weight % digit.size;
    result.offset += digit.highest * digit.stride;
  }
  for (const ViewDim& dim : outer.dims) {
    std::vector<ViewDim> factors;
    const bool backwards = dim.stride < 0;
    if (!assign(digits, dim.size, backwards ? -dim.stride : dim.stride, factors))
      return std::nullopt;
    std::reverse(factors.begin(), factors.end());
    for (ViewDim& factor : factors) {
      if (backwards) {
        result.offset += factor.stride * (factor.size - 1);
        factor.stride = -factor.stride;
      }
      result.dims.push_back(factor);
    }
  }
  return normalized(std::move(result));
}

bool is_contiguous(const ViewOp& view) {
  const ViewOp n = normalized(view);
  return n.dims.size() == 1 && (n.dims[0].stride == 1 || n.dims[0].size == 1);
}

}  // namespace inarch
