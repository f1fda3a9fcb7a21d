#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/core/value.h"
#include "compiler/support/result.h"

namespace inarch {

using Arguments = std::vector<const Value*>;

/// A function of the expression language. `call` may rely on the number of arguments, and on none
/// of them being null unless `takes_null`; its faults have no span yet. Without `call` it is one
/// that the evaluator knows, since its first argument is a source: token_ids.
struct Function {
  std::string name;
  std::size_t least;
  std::size_t most;
  std::string usage;
  Result<Value> (*call)(const Arguments&);
  bool takes_null = false;

  bool takes(std::size_t count) const { return count >= least && count <= most; }
  /// "one argument", "1 to 3 arguments"
  std::string arity() const;
};

const Function* find_function(std::string_view name);
/// All of them, sorted.
std::vector<std::string> function_names();

/// The functions over lists and mappings, and those over texts: parts of the one table.
std::vector<Function> list_functions();
std::vector<Function> text_functions();

/// As many arguments as one likes.
inline constexpr std::size_t any_number = std::numeric_limits<std::size_t>::max();
/// E151: `function` takes something else than what was found.
Diagnostic wrong_argument(std::string_view function, std::string_view expected, const Value& found);

}  // namespace inarch
