#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace inarch {

/// A parameter of a merge method. What `is_of_model` is looked up for each model, by the name of
/// its own tensor; others once, by the name of the result.
struct MergekitParameterInfo {
  std::string_view name;
  bool is_of_model = false;
  std::optional<double> otherwise;  // none: must be given, except for `scale`
  bool is_switch = false;           // any number but 0 is yes
};

/// What a merge method takes, and how a recipe says it.
struct MergekitMethod {
  enum class Base { unused, optional, required };

  std::string_view name;
  Base base = Base::unused;
  std::int64_t least = 1;         // models, the base not counted
  std::int64_t most = 1'000'000;  // likewise
  bool counts_base = false;       // the base is a model like others, and counted among them
  bool alone_is_copied = false;   // of a single model its tensors are taken as they are
  std::vector<MergekitParameterInfo> parameters;

  const MergekitParameterInfo* find(std::string_view parameter) const;
};

/// Null when there is none of that name.
const MergekitMethod* find_mergekit_method(std::string_view name);
std::vector<std::string> mergekit_method_names();
/// Of all methods.
std::vector<std::string> mergekit_parameter_names();

}  // namespace inarch
