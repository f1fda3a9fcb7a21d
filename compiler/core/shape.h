#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace inarch {

/// Sizes of a tensor's dimensions, outermost first. Empty for a scalar.
using Shape = std::vector<std::int64_t>;

/// More elements than any tensor of a plan has, so that sums and products of sizes stay numbers.
inline constexpr std::int64_t max_elements = std::int64_t{1} << 50;

/// a / b rounded up, for a ≥ 0 and b ≥ 1 of any size.
constexpr std::int64_t divided_up(std::int64_t a, std::int64_t b) {
  return a / b + (a % b != 0 ? 1 : 0);
}

/// Number of elements, or nothing when it does not fit 62 bits.
std::optional<std::int64_t> checked_numel(const Shape& shape);
/// Number of elements of a shape that is known to fit.
std::int64_t numel(const Shape& shape);
/// "[262144, 1152]"
std::string format_shape(const Shape& shape);

}  // namespace inarch
