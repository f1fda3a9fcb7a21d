#include <charconv>
#include <chrono>
#include <cmath>

#include <fmt/format.h>

#include "compiler/core/json.h"
#include "compiler/support/sizes.h"
#include "compiler/support/text.h"
#include "runtime/cli/architecture_argument.h"
#include "runtime/cli/command.h"
#include "runtime/cli/console_progress.h"
#include "runtime/cli/exit_code.h"
#include "runtime/cli/recipe_options.h"
#include "runtime/cli/stop_signal.h"
#include "runtime/cli/synth_layout.h"
#include "runtime/cli/synth_write.h"
#include "runtime/io/checkpoint.h"
#include "runtime/io/file.h"

namespace inarch {

namespace {

constexpr std::int64_t usual_shard_size = 5'000'000'000;

/// The command line, read.
struct Request {
  std::string architecture;
  std::string config_path;
  std::string output;
  std::string spelling;
  DType dtype = DType::bf16;
  std::int64_t shard_size = usual_shard_size;
  SynthWriting writing;
};

template <typename T>
bool parse_number(const std::string& text, T& number) {
  const char* const end = text.data() + text.size();
  const auto [stopped, failure] = std::from_chars(text.data(), end, number);
  return failure == std::errc() && stopped == end;
}

bool bad_option(Console& console, std::string_view option, std::string_view expected,
                const std::string& found) {
  usage_error(console,
              fmt::format("--{} takes {}, not '{}'", option, expected, escape_for_terminal(found)));
  return false;
}

bool read_values(const Arguments& arguments, Request& request, Console& console) {
  if (const auto text = arguments.value("dtype")) {
    const auto dtype = dtype_from_recipe(*text);
    const bool known =
        dtype == DType::bf16 || dtype == DType::f16 || dtype == DType::f32 || dtype == DType::f64;
    if (!known) return bad_option(console, "dtype", "bf16, f16, f32 or f64", *text);
    request.dtype = *dtype;
  }
  if (const auto text = arguments.value("seed");
      text && !parse_number(*text, request.writing.values.seed))
    return bad_option(console, "seed", "a whole number", *text);
  double& deviation = request.writing.values.deviation;
  if (const auto text = arguments.value("std");
      text && (!parse_number(*text, deviation) || !std::isfinite(deviation) || deviation < 0 ||
               deviation > 1e4))
    return bad_option(console, "std", "a number from 0 to 10000", *text);
  if (const auto text = arguments.value("shard-size")) {
    const auto size = parse_size(*text);
    if (!size || *size <= 0) return bad_option(console, "shard-size", "a size", *text);
    request.shard_size = *size;
  }
  return true;
}

std::optional<Request> read_request(const Arguments& arguments, Console& console) {
  Request request;
  if (arguments.positional.size() != 1) {
    usage_error(console,
                arguments.positional.empty() ? "an architecture is missing"
                                             : "synth takes one architecture",
                "inarch synth gemma3_text --config config.json -o DIR");
    return std::nullopt;
  }
  request.architecture = arguments.positional.front();
  for (const auto& [option, target] :
       {std::pair{"config", &request.config_path}, std::pair{"output", &request.output}}) {
    const auto text = arguments.value(option);
    if (!text || text->empty()) {
      usage_error(console, fmt::format("--{} is missing", option), "inarch synth --help");
      return std::nullopt;
    }
    *target = *text;
  }
  request.spelling = arguments.value("spelling").value_or("");
  request.writing.hollow = arguments.has("headers-only");
  request.writing.replace = arguments.has("force");
  if (!read_values(arguments, request, console)) return std::nullopt;
  const auto jobs = jobs_option(arguments, console);
  if (!jobs) return std::nullopt;
  request.writing.jobs = *jobs;
  return request;
}

/// config.json as it is to be written: the given text, unless its dtype changes.
std::optional<std::string> prepare_config(const Request& request, Value& config,
                                          Diagnostics& diagnostics) {
  auto text = read_small_file(request.config_path, max_config_bytes);
  if (!text) {
    diagnostics.add(text.error());
    return std::nullopt;
  }
  auto parsed = parse_json(*text, request.config_path);
  if (!parsed) {
    diagnostics.add(parsed.error());
    return std::nullopt;
  }
  config = std::move(*parsed);
  if (!config.if_map()) {
    diagnostics.add(
        error("E732", fmt::format("the config is {}, expected an object", config.kind()))
            .in(request.config_path));
    return std::nullopt;
  }
  return set_config_dtype(config, request.dtype) ? write_json(config, JsonStyle::indented)
                                                 : std::move(*text);
}

std::optional<SynthLayout> lay_out(const Request& request, const Value& config, SourceMap& sources,
                                   Diagnostics& diagnostics) {
  const auto architecture = find_architecture(request.architecture, sources, diagnostics);
  if (!architecture) return std::nullopt;
  auto expected = architecture->expand(config, diagnostics);
  if (expected && !request.spelling.empty())
    expected = architecture->respell(std::move(*expected), request.spelling, diagnostics);
  if (!expected) return std::nullopt;
  return lay_out_model(*expected, request.dtype, request.shard_size, diagnostics);
}

void tell(const Request& request, const SynthLayout& layout, double seconds, Console& console) {
  if (console.json()) {
    const Value::Map result = {
        {"schema", "inarch/synth/1"},
        {"output", request.output},
        {"files", static_cast<std::int64_t>(layout.shards.size())},
        {"tensors", static_cast<std::int64_t>(layout.tensors.size())},
        {"parameters", layout.parameters},
        {"buffer_elements", layout.buffer_elements},
        {"bytes", layout.bytes},
        {"headers_only", request.writing.hollow},
        {"seconds", seconds},
    };
    return console.write(write_json(Value(result), JsonStyle::compact) + "\n");
  }
  const std::string where = escape_for_terminal(request.output, 1000);
  std::string speed;
  if (!request.writing.hollow && layout.bytes > 100'000'000)
    speed = fmt::format(
        " ({}/s)",
        format_bytes(static_cast<std::int64_t>(static_cast<double>(layout.bytes) / seconds)));
  console.say(fmt::format("{} {}\n", console.good("wrote"), where));
  console.say(fmt::format("  {} tensors, {} parameters, {} in {} file{}{}, {:.2f} s{}\n",
                          format_count(static_cast<std::int64_t>(layout.tensors.size())),
                          format_count(layout.parameters), format_bytes(layout.bytes),
                          layout.shards.size(), layout.shards.size() == 1 ? "" : "s",
                          request.writing.hollow ? " without values (sparse)" : "", seconds,
                          speed));
  console.say(console.dim(fmt::format("next: inarch inspect {}\n", where)));
}

/// The exit code, with what went wrong reported.
int write_and_report(Request& request, const SynthLayout& layout, const std::string& config,
                     Console& console) {
  const StopSignal stop;
  request.writing.stop = stop.flag();
  ConsoleProgress shown(console);
  NoProgress hidden;
  Progress& progress = console.json() ? static_cast<Progress&>(hidden) : shown;
  const auto complete = write_model(layout, config, request.output, request.writing, progress);
  if (!complete) {
    console.report(complete.error());
    return complete.error().code == "E704" ? exit_try_again : exit_failed;
  }
  if (*complete) return exit_done;
  console.note("interrupted; nothing was kept\n");
  return stop.exit_code();
}

}  // namespace

int command_synth(const Arguments& arguments, Console& console) {
  const auto start = std::chrono::steady_clock::now();
  auto request = read_request(arguments, console);
  if (!request) return exit_failed;
  SourceMap sources;
  Diagnostics diagnostics;
  Value config;
  const auto config_text = prepare_config(*request, config, diagnostics);
  std::optional<SynthLayout> layout;
  if (config_text) layout = lay_out(*request, config, sources, diagnostics);
  console.report(diagnostics, sources);
  if (!layout) return exit_code_for(diagnostics);
  const int code = write_and_report(*request, *layout, *config_text, console);
  if (code != exit_done) return code;
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  tell(*request, *layout, taken.count(), console);
  return exit_done;
}

}  // namespace inarch
