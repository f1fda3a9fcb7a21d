#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace inarch {

/// What a function of the expression language is for. `example` evaluates to `result`, which is as
/// to_text() writes it; both are "" for a function of a source.
struct FunctionDoc {
  std::string_view name;
  std::string_view summary;
  std::string_view example;
  std::string_view result;
};

/// In the order of their names: one for each of function_names().
const std::vector<FunctionDoc>& function_docs();

/// What one function takes and gives, as Markdown; "" when there is none of that name.
std::string function_page(std::string_view name);
/// One line each.
std::string function_list();

}  // namespace inarch
