#pragma once

#include <optional>
#include <string>

#include "compiler/compile/compile.h"
#include "runtime/cli/command.h"

namespace inarch {

enum class GraphFormat { dot, html };

/// What --graph asks for; nothing, with the fault reported, when that is no format, or one that
/// needs a file and has none.
std::optional<GraphFormat> graph_option(const Arguments& arguments, Console& console);

/// The plan to be looked at (compiler/picture): to the file that -o names, or for `dot` without one
/// to standard output. Gives the exit code.
int write_plan_graph(const Plan& plan, const CompileReport& report, GraphFormat format,
                     const Arguments& arguments, int jobs, std::int64_t memory, Console& console);

}  // namespace inarch
