#include "compiler/mergekit/methods.h"

#include <algorithm>

namespace inarch {

namespace {

using Base = MergekitMethod::Base;

constexpr MergekitParameterInfo weight = {"weight", true, std::nullopt, false};
constexpr std::int64_t any_count = 1'000'000;

/// Those of methods that add sparse differences to a base.
std::vector<MergekitParameterInfo> of_differences(bool normalize, bool rescale) {
  return {weight,
          {"density", true, 1.0, false},
          {"normalize", false, normalize ? 1.0 : 0.0, true},
          {"rescale", false, rescale ? 1.0 : 0.0, true},
          {"lambda", false, 1.0, false},
          {"int8_mask", false, 0.0, true}};
}

MergekitMethod difference_method(std::string_view name, bool normalize, bool rescale,
                                 std::optional<MergekitParameterInfo> more = {}) {
  MergekitMethod method{
      name, Base::required, 0, any_count, false, false, of_differences(normalize, rescale)};
  if (more) method.parameters.push_back(*more);
  return method;
}

/// All differences are taken whole, so that nothing says how many stay.
MergekitMethod task_arithmetic() {
  return {"task_arithmetic",
          Base::required,
          0,
          any_count,
          false,
          false,
          {weight, {"normalize", false, 0.0, true}, {"lambda", false, 1.0, false}}};
}

std::vector<MergekitMethod> make_methods() {
  const MergekitParameterInfo gamma = {"gamma", true, 0.01, false};
  const MergekitParameterInfo epsilon = {"epsilon", true, 0.15, false};
  return {
      {"linear",
       Base::unused,
       1,
       any_count,
       true,
       false,
       {weight, {"normalize", false, 1.0, true}}},
      {"slerp", Base::required, 0, 1, false, true, {{"t", false, std::nullopt, false}}},
      {"nuslerp",
       Base::optional,
       2,
       2,
       false,
       true,
       {weight, {"nuslerp_row_wise", false, 0.0, true}, {"nuslerp_flatten", false, 1.0, true}}},
      {"multislerp",
       Base::optional,
       1,
       any_count,
       false,
       true,
       {weight, {"normalize_weights", false, 1.0, true}, {"eps", false, 1e-8, false}}},
      {"karcher",
       Base::unused,
       1,
       any_count,
       true,
       true,
       {{"max_iter", false, 10.0, false}, {"tol", false, 1e-5, false}}},
      task_arithmetic(),
      difference_method("ties", true, false),
      difference_method("dare_linear", false, true),
      difference_method("dare_ties", false, true),
      difference_method("breadcrumbs", false, false, gamma),
      difference_method("breadcrumbs_ties", false, false, gamma),
      difference_method("della", true, true, epsilon),
      difference_method("della_linear", false, true, epsilon),
      {"sce",
       Base::required,
       0,
       any_count,
       false,
       false,
       {{"select_topk", false, 1.0, false}, {"int8_mask", false, 0.0, true}}},
      {"ram", Base::required, 0, any_count, false, false, {{"epsilon", false, 1e-5, false}}},
      {"ramplus_tl",
       Base::required,
       0,
       any_count,
       false,
       false,
       {{"epsilon", false, 1e-5, false}, {"r", false, 0.1, false}, {"alpha", false, 0.2, false}}},
      {"model_stock",
       Base::required,
       2,
       any_count,
       false,
       true,
       {{"filter_wise", false, 0.0, true}}},
      {"nearswap", Base::required, 0, 1, false, false, {{"t", false, std::nullopt, false}}},
      {"arcee_fusion", Base::required, 0, 1, false, false, {}},
      {"passthrough", Base::unused, 1, 1, true, false, {{"scale", true, std::nullopt, false}}},
  };
}

const std::vector<MergekitMethod>& method_table() {
  static const std::vector<MergekitMethod> table = make_methods();
  return table;
}

}  // namespace

const MergekitParameterInfo* MergekitMethod::find(std::string_view parameter) const {
  const auto found = std::find_if(parameters.begin(), parameters.end(),
                                  [&](const auto& info) { return info.name == parameter; });
  return found == parameters.end() ? nullptr : &*found;
}

const MergekitMethod* find_mergekit_method(std::string_view name) {
  for (const MergekitMethod& method : method_table()) {
    if (method.name == name) return &method;
  }
  return nullptr;
}

std::vector<std::string> mergekit_method_names() {
  std::vector<std::string> names;
  for (const MergekitMethod& method : method_table()) names.emplace_back(method.name);
  return names;
}

std::vector<std::string> mergekit_parameter_names() {
  std::vector<std::string> names;
  for (const MergekitMethod& method : method_table()) {
    for (const MergekitParameterInfo& info : method.parameters) names.emplace_back(info.name);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace inarch
