#include <fmt/format.h>

#include "compiler/core/json.h"
#include "compiler/support/sizes.h"
#include "compiler/support/text.h"
#include "runtime/cli/console_progress.h"
#include "runtime/cli/exit_code.h"
#include "runtime/cli/hidden_state_source.h"
#include "runtime/cli/lock_builder.h"
#include "runtime/cli/recipe_options.h"
#include "runtime/cli/stop_signal.h"
#include "runtime/io/file.h"
#include "runtime/lock/lock.h"

namespace inarch {

namespace {

constexpr std::int64_t usual_keep = 1'000'000;

struct LockSums {
  std::int64_t files = 0;
  std::int64_t bytes = 0;
  std::int64_t tensors = 0;
};

LockSums sums_of(const Lock& lock) {
  LockSums sums;
  for (const LockedSource& source : lock.sources) {
    sums.files += static_cast<std::int64_t>(source.shards.size());
    for (const LockedShard& shard : source.shards) sums.bytes += shard.size;
    sums.tensors += static_cast<std::int64_t>(source.tensors.size());
  }
  return sums;
}

std::string counted(std::int64_t n, std::string_view what) {
  return fmt::format("{} {}{}", format_count(n), what, n == 1 ? "" : "s");
}

void say_locked(const std::string& recipe, const std::string& path, const Lock& lock,
                std::size_t length, Console& console) {
  const LockSums sums = sums_of(lock);
  const auto bytes = static_cast<std::int64_t>(length);
  if (console.json()) {
    const Value result(Value::Map{{"schema", "inarch/lock-result/1"},
                                  {"recipe", recipe},
                                  {"lock", path},
                                  {"sources", static_cast<std::int64_t>(lock.sources.size())},
                                  {"files", sums.files},
                                  {"bytes", sums.bytes},
                                  {"tensors", sums.tensors},
                                  {"lock_bytes", bytes}});
    return console.write(write_json(result, JsonStyle::compact) + "\n");
  }
  console.say(fmt::format("{} {}: {}, {} in {} ({}); {}\n", console.good("locked"),
                          escape_for_terminal(path),
                          counted(static_cast<std::int64_t>(lock.sources.size()), "source"),
                          counted(sums.tensors, "tensor"), counted(sums.files, "file"),
                          format_bytes(sums.bytes), format_bytes(bytes)));
  console.say(console.dim(
      fmt::format("next: inarch check {}  # needs no weights now\n", escape_for_terminal(recipe))));
}

/// Compiles the recipe with a recorder between it and the world. False when it has faults, which
/// have been reported.
bool record(const std::string& path, const Arguments& arguments, SourceRecorder& recorder,
            Console& console, int& code) {
  auto options = compile_options(arguments, path, console);
  code = exit_failed;
  if (!options) return false;
  recorder.listen(options->bind);
  options->bind.open_states = describe_states;
  SourceMap sources;
  Diagnostics diagnostics;
  CompileReport report;
  auto text = read_recipe_text(path);
  if (text) {
    const FileId file = sources.add(path, std::move(*text));
    static_cast<void>(compile(sources, file, *options, diagnostics, report));
  } else {
    diagnostics.add(text.error());
  }
  diagnostics.sort_by_place();
  console.report(diagnostics, sources);
  code = exit_code_for(diagnostics);
  return code == exit_done;
}

std::optional<std::int64_t> keep_option(const Arguments& arguments, Console& console) {
  const auto text = arguments.value("keep");
  if (!text) return usual_keep;
  const auto size = parse_size(*text);
  if (size && *size >= 0) return size;
  usage_error(console, fmt::format("--keep takes a size, not '{}'", escape_for_terminal(*text)),
              "--keep 10MB");
  return std::nullopt;
}

}  // namespace

int command_lock(const Arguments& arguments, Console& console) {
  if (arguments.positional.size() != 1)
    return usage_error(console, "lock takes one recipe", "inarch lock recipe.yaml");
  const std::string& recipe = arguments.positional[0];
  const auto jobs = jobs_option(arguments, console);
  const auto keep = keep_option(arguments, console);
  if (!jobs || !keep) return exit_failed;
  SourceRecorder recorder(*keep);
  int code = exit_done;
  if (!record(recipe, arguments, recorder, console, code)) return code;

  const StopSignal stop;
  const LockOptions options{directory_of_recipe(recipe), *keep, !arguments.has("no-digests"), *jobs,
                            stop.flag()};
  ConsoleProgress progress(console);
  const auto lock = build_lock(recorder, options, progress);
  if (!lock) {
    console.report(lock.error());
    return exit_failed;
  }
  if (*stop.flag()) {
    console.note("interrupted; nothing was written\n");
    return stop.exit_code();
  }
  const std::string path = arguments.value("output").value_or(lock_path_of(recipe));
  const std::string text = write_lock(*lock);
  Status written = read_lock(text, path).ok() ? write_small_file(path, text)
                                              : error("E903", "the lock cannot be read back");
  if (!written) {
    console.report(written.error());
    return exit_failed;
  }
  say_locked(recipe, path, *lock, text.size(), console);
  return exit_done;
}

}  // namespace inarch
