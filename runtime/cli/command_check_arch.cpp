#include "runtime/cli/arch_check.h"
#include "runtime/cli/architecture_argument.h"
#include "runtime/cli/command.h"
#include "runtime/cli/exit_code.h"
#include "runtime/cli/model_argument.h"
#include "runtime/io/logical_checkpoint.h"

namespace inarch {

namespace {

/// Nothing on a fault, which is added; all models are opened for that.
std::optional<ArchCheckReport> check(const Arguments& arguments, SourceMap& sources,
                                     Diagnostics& diagnostics) {
  const auto architecture = find_architecture(arguments.positional[0], sources, diagnostics);
  if (!architecture) return std::nullopt;
  ArchCheck checking(*architecture, sources);
  bool opened = true;
  for (std::size_t k = 1; k < arguments.positional.size(); ++k) {
    auto checkpoint = open_model(arguments.positional[k], diagnostics);
    const bool whole = checkpoint && read_encodings(*checkpoint, diagnostics);
    if (whole) checking.add(*checkpoint);
    opened = opened && whole;
  }
  if (!opened) return std::nullopt;
  return checking.report();
}

}  // namespace

int command_check_arch(const Arguments& arguments, Console& console) {
  if (arguments.positional.size() < 2)
    return usage_error(console, "check-arch needs an architecture and one checkpoint or more",
                       "inarch check-arch my_family.yaml models/small models/large");
  SourceMap sources;
  Diagnostics diagnostics;
  const auto report = check(arguments, sources, diagnostics);
  console.report(diagnostics, sources);
  if (!report) return exit_code_for(diagnostics);
  if (console.json()) {
    console.write(arch_check_json(*report, sources));
  } else {
    console.write(arch_check_text(*report, sources, arguments.has("all"),
                                  static_cast<std::size_t>(console.width())));
  }
  const bool agree = report->agreeing() == report->models.size();
  const bool complete = report->untried.empty() || !arguments.has("strict");
  return agree && complete ? exit_done : exit_rejected;
}

}  // namespace inarch
