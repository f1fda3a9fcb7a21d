#include "runtime/cli/forward_arguments.h"

#include <memory>
#include <utility>

#include <fmt/format.h>

#include "compiler/support/text.h"
#include "runtime/cli/exit_code.h"
#include "runtime/cli/model_argument.h"
#include "runtime/cli/recipe_options.h"
#include "runtime/cli/token_sequences.h"
#include "runtime/io/logical_checkpoint.h"

namespace inarch {

namespace {

std::optional<ForwardOptions> read_options(const Arguments& arguments, Console& console) {
  ForwardOptions options;
  const auto jobs = jobs_option(arguments, console);
  const auto memory = memory_option(arguments, default_memory, console);
  if (!jobs || !memory) return std::nullopt;
  options.jobs = *jobs;
  options.memory = *memory;
  const std::string rounding = arguments.value("rounding").value_or("f32");
  if (rounding != "f32" && rounding != "bf16") {
    usage_error(console, fmt::format("--rounding takes f32 or bf16, not '{}'",
                                     escape_for_terminal(rounding)));
    return std::nullopt;
  }
  if (rounding == "bf16") options.rounding = Rounding::bf16;
  return options;
}

std::optional<ForwardPass> open_pass(const std::string& model, Console& console, int& code) {
  Diagnostics diagnostics;
  auto checkpoint = open_model(model, diagnostics);
  const bool read = checkpoint && read_encodings(*checkpoint, diagnostics);
  console.report(diagnostics, SourceMap());
  if (!read) {
    code = exit_code_for(diagnostics);
    return std::nullopt;
  }
  auto pass = ForwardPass::open(std::make_shared<const Checkpoint>(std::move(*checkpoint)));
  if (pass) return std::move(*pass);
  code = report_fault(console, pass.error());
  return std::nullopt;
}

}  // namespace

int report_fault(Console& console, const Diagnostic& fault) {
  Diagnostics diagnostics;
  diagnostics.add(fault);
  console.report(diagnostics, SourceMap());
  return exit_code_for(diagnostics);
}

std::optional<ForwardRequest> read_forward_request(const Arguments& arguments, Console& console,
                                                   int& code) {
  code = exit_failed;
  const auto tokens = arguments.value("tokens");
  if (arguments.positional.size() != 1 || !tokens) {
    usage_error(console,
                arguments.positional.size() != 1 ? "one model is to be run" : "--tokens is missing",
                "MODEL --tokens '[1, 2, 3]'");
    return std::nullopt;
  }
  const auto options = read_options(arguments, console);
  if (!options) return std::nullopt;
  auto pass = open_pass(arguments.positional.front(), console, code);
  if (!pass) return std::nullopt;
  auto sequences = read_token_sequences(*tokens, pass->model());
  if (!sequences) {
    code = report_fault(console, sequences.error());
    return std::nullopt;
  }
  return ForwardRequest{std::move(*pass), std::move(*sequences), *options};
}

}  // namespace inarch
