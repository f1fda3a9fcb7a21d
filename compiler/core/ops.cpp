#include "compiler/core/ops.h"

#include <array>
#include <utility>

namespace inarch {

namespace {

constexpr std::array<std::string_view, 5> map_names = {"abs", "sign", "sqrt", "exp", "log"};
constexpr std::array<std::string_view, 6> reduction_names = {"sum", "mean", "norm",
                                                             "max", "min",  "max_abs"};

constexpr std::array<std::string_view, 3> split_names = {"both", "left", "right"};

template <typename Enum, std::size_t n>
std::optional<Enum> named(const std::array<std::string_view, n>& names, std::string_view name) {
  for (std::size_t k = 0; k < n; ++k) {
    if (names[k] == name) return static_cast<Enum>(k);
  }
  return std::nullopt;
}

}  // namespace

std::string_view name(MapFunction function) {
  return map_names[static_cast<std::size_t>(function)];
}
std::string_view name(Reduction reduction) {
  return reduction_names[static_cast<std::size_t>(reduction)];
}
std::string_view name(FactorSplit split) { return split_names[static_cast<std::size_t>(split)]; }
std::optional<FactorSplit> factor_split_named(std::string_view name) {
  return named<FactorSplit>(split_names, name);
}
std::optional<MapFunction> map_function_named(std::string_view name) {
  return named<MapFunction>(map_names, name);
}
std::optional<Reduction> reduction_named(std::string_view name) {
  return named<Reduction>(reduction_names, name);
}

}  // namespace inarch
