#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/compile/compile.h"
#include "runtime/cli/command.h"
#include "runtime/forward/forward_options.h"
#include "runtime/lock/lock.h"

namespace inarch {

/// Options that commands about recipes share, turned into what compile() takes. Nothing, with the
/// fault reported, when one is malformed.
std::optional<CompileOptions> compile_options(const Arguments& arguments,
                                              const std::string& recipe_path, Console& console);

/// NAME=VALUE of each of an option's `texts`; false, with the fault reported, when one is not that.
bool split_options(const std::vector<std::string>& texts, std::string_view option,
                   std::vector<std::pair<std::string, std::string>>& pairs, Console& console);

/// The folder that a recipe's paths are relative to; "" for the current one.
std::string directory_of_recipe(const std::string& path);
/// E432 when it is far too long for a recipe.
Result<std::string> read_recipe_text(const std::string& path);

/// Workers: --jobs, else the processors this process may use. Nothing when malformed (reported).
std::optional<int> jobs_option(const Arguments& arguments, Console& console);
/// --memory, or `otherwise`.
std::optional<std::int64_t> memory_option(const Arguments& arguments, std::int64_t otherwise,
                                          Console& console);

/// The largest text that is looked at for a recipe; the reader takes less, and says so as E105.
inline constexpr std::int64_t recipe_limit = 64 << 20;

/// What a run may take when nothing is said.
inline constexpr std::int64_t default_memory = std::int64_t{1} << 30;

/// What --ranks names: ranks that an earlier run has measured. Nothing when the file is not there
/// yet; a fault, reported, when it is no such file.
Result<std::optional<std::map<std::string, std::int64_t>>> ranks_option(const Arguments& arguments);

/// Where a recipe's lock is: --lock, else beside the recipe.
std::string lock_path(const Arguments& arguments, const std::string& recipe_path);
/// The recipe's lock, unless --no-lock is given or there is none. Faults: E440, E701.
Result<std::optional<Lock>> lock_option(const Arguments& arguments, const std::string& recipe_path);

/// The recipe that the mergekit configuration at `path` stands for, with `path_prefix` before
/// relative paths. Faults are reported; `code` is then the exit code.
std::optional<std::string> import_config(const std::string& path, const Arguments& arguments,
                                         const std::string& path_prefix, Console& console,
                                         int& code);

/// What a recipe follows from beside its text and the headers of its sources: found by reading
/// weights, before it is compiled for the last time.
struct Findings {
  std::map<std::string, std::int64_t> ranks;
  std::optional<ForwardOptions> states;  // compute hidden states; else they are only described
};

/// Compiles the recipe at `path` and reports what was found. Nothing on errors; `code` is then the
/// exit code.
std::optional<Plan> compile_recipe(const std::string& path, const Arguments& arguments,
                                   std::int64_t memory, Console& console, CompileReport& report,
                                   int& code, const Findings& findings = {});

/// "sources a and b are known from the lock alone".
std::string absent_text(const CompileReport& report);
/// E443, reported, when sources are not here that are to be read: the lock has no weights.
bool all_here(const CompileReport& report, Console& console);

/// True when hidden states that a plan reads are still to be computed.
bool has_open_states(const Plan& plan);

/// The plan in a recipe or, for a path that ends in .json, in a plan file.
std::optional<Plan> plan_from(const std::string& path, const Arguments& arguments,
                              std::int64_t memory, Console& console, CompileReport& report,
                              int& code);

}  // namespace inarch
