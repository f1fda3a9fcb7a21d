#include "runtime/cli/recipe_options.h"

#include <charconv>

#include <fmt/format.h>

#include "compiler/architecture/usual_spelling.h"
#include "compiler/core/json.h"
#include "compiler/mergekit/carry_comments.h"
#include "compiler/mergekit/lower.h"
#include "compiler/mergekit/reader.h"
#include "compiler/plan/build_plan.h"
#include "compiler/plan/plan_json.h"
#include "compiler/support/sha256.h"
#include "compiler/support/sizes.h"
#include "compiler/support/text.h"
#include "runtime/cli/exit_code.h"
#include "runtime/cli/hidden_state_source.h"
#include "runtime/cli/locked_sources.h"
#include "runtime/cli/source_opener.h"
#include "runtime/cli/tensor_values.h"
#include "runtime/forward/decoder_config.h"
#include "runtime/forward/forward_pass.h"
#include "runtime/io/directory.h"
#include "runtime/io/file.h"
#include "runtime/io/parallel_tasks.h"

namespace inarch {

namespace {

constexpr std::int64_t config_limit = 64 << 20;
constexpr std::int64_t carried_limit = std::int64_t{1} << 30;
constexpr std::int64_t plan_limit = std::int64_t{2} << 30;

Result<PartText> read_part(const std::string& directory, const std::string& name) {
  const std::string folder = directory.empty() ? "." : directory;
  const std::string path = directory.empty() ? name : join_path(directory, name);
  if (resolves(path) && !same_or_inside(path, folder)) {
    return error("E128", fmt::format("a link leads out of the recipe's folder, to {}",
                                     escape_for_terminal(real_path(path))));
  }
  auto text = read_small_file(path, recipe_limit);
  if (!text) return text.error();
  return PartText{path, std::move(*text)};
}

Result<FileFingerprint> fingerprint(const std::string& path) {
  auto text = read_small_file(path, carried_limit);
  if (!text.ok()) return text.error();
  return FileFingerprint{static_cast<std::int64_t>(text->size()), sha256_hex(*text)};
}

Result<std::int64_t> runs_model(const Value& config, const std::vector<TokenSequence>& sequences) {
  const auto decoder = read_decoder_config(config);
  if (!decoder.ok()) return decoder.error();
  if (Status good = check_tokens(sequences, decoder->vocabulary); !good) return good.error();
  return decoder->vocabulary;
}

void print_timings(const CompileReport& report, Console& console) {
  for (const PassTiming& timing : report.timings)
    console.note(fmt::format("{:>9.3f} ms  {}\n", timing.seconds * 1e3, timing.name));
}

}  // namespace

bool split_options(const std::vector<std::string>& texts, std::string_view option,
                   std::vector<std::pair<std::string, std::string>>& pairs, Console& console) {
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      usage_error(console,
                  fmt::format("--{} takes NAME={}, not '{}'", option,
                              option == "set" ? "VALUE" : "PATH", escape_for_terminal(text)));
      return false;
    }
    pairs.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return true;
}

std::string directory_of_recipe(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : slash == 0 ? "/" : path.substr(0, slash);
}

Result<std::string> read_recipe_text(const std::string& path) {
  return read_small_file(path, recipe_limit);
}

std::optional<int> jobs_option(const Arguments& arguments, Console& console) {
  const auto text = arguments.value("jobs");
  if (!text) return processor_count();
  int jobs = 0;
  const auto [end, failure] = std::from_chars(text->data(), text->data() + text->size(), jobs);
  if (failure == std::errc() && end == text->data() + text->size() && jobs >= 1 && jobs <= 1024)
    return jobs;
  usage_error(console, fmt::format("--jobs takes a number from 1 to 1024, not '{}'",
                                   escape_for_terminal(*text)));
  return std::nullopt;
}

std::optional<std::int64_t> memory_option(const Arguments& arguments, std::int64_t otherwise,
                                          Console& console) {
  const auto text = arguments.value("memory");
  if (!text) return otherwise;
  const auto size = parse_size(*text);
  if (size && *size > 0) return size;
  usage_error(console, fmt::format("--memory takes a size, not '{}'", escape_for_terminal(*text)),
              "--memory 2GiB");
  return std::nullopt;
}

std::optional<CompileOptions> compile_options(const Arguments& arguments,
                                              const std::string& recipe_path, Console& console) {
  CompileOptions options;
  if (!split_options(arguments.values("set"), "set", options.bind.set, console))
    return std::nullopt;
  if (!split_options(arguments.values("source"), "source", options.bind.sources, console))
    return std::nullopt;
  options.bind.recipe_directory = directory_of_recipe(recipe_path);
  options.bind.open_source = open_source;
  options.bind.in_usual_spelling = in_usual_spelling;
  options.bind.read_text = [](const std::string& path) {
    return read_small_file(path, config_limit);
  };
  options.bind.runs_model = runs_model;
  options.bind.fingerprint = fingerprint;
  options.bind.read_tensor = tensor_values;
  options.bind.read_part = [directory = options.bind.recipe_directory](const std::string& name) {
    return read_part(directory, name);
  };
  options.bind.is_directory = [](const std::string& path) { return is_directory(path); };
  options.passes.disabled = arguments.values("disable-pass");
  std::vector<std::string> names;
  for (const Pass& pass : passes()) names.emplace_back(pass.name);
  std::vector<std::string> mentioned = options.passes.disabled;
  const std::vector<std::string> dumps = arguments.values("dump-after");
  mentioned.insert(mentioned.end(), dumps.begin(), dumps.end());
  for (const std::string& name : mentioned) {
    if (name == "all" || std::find(names.begin(), names.end(), name) != names.end()) continue;
    usage_error(console, fmt::format("there is no pass '{}'", escape_for_terminal(name)),
                fmt::format("passes: {}", join_names(names, 20)));
    return std::nullopt;
  }
  for (const Pass& pass : passes()) {
    const auto& off = options.passes.disabled;
    if (!pass.required || std::find(off.begin(), off.end(), pass.name) == off.end()) continue;
    usage_error(console,
                fmt::format("the pass '{}' cannot be left out: {}", pass.name, pass.summary));
    return std::nullopt;
  }
  if (!dumps.empty()) {
    options.passes.after = [dumps, &console](std::string_view pass, const Module& module) {
      const bool wanted = std::any_of(dumps.begin(), dumps.end(), [&](const std::string& d) {
        return d == pass || d == "all";
      });
      if (wanted) console.write(fmt::format("# after {}\n{}", pass, print(module)));
    };
  }
  return options;
}

Result<std::optional<std::map<std::string, std::int64_t>>> ranks_option(
    const Arguments& arguments) {
  const auto path = arguments.value("ranks");
  if (!path || !exists(*path)) return std::optional<std::map<std::string, std::int64_t>>();
  const auto text = read_small_file(*path, plan_limit);
  if (!text.ok()) return text.error();
  const auto parsed = parse_json(*text, *path);
  if (!parsed.ok()) return parsed.error();
  std::map<std::string, std::int64_t> ranks;
  const Value::Map* map = parsed->if_map();
  for (std::size_t k = 0; map != nullptr && k < map->size(); ++k) {
    const auto& [key, rank] = (*map)[k];
    if (rank.if_int() == nullptr || *rank.if_int() < 1) map = nullptr;
    if (map != nullptr) ranks[key] = *rank.if_int();
  }
  if (map == nullptr) return error("E616", "expected an object of ranks, { NAME: RANK }").in(*path);
  return std::optional(std::move(ranks));
}

std::string lock_path(const Arguments& arguments, const std::string& recipe_path) {
  return arguments.value("lock").value_or(lock_path_of(recipe_path));
}

Result<std::optional<Lock>> lock_option(const Arguments& arguments,
                                        const std::string& recipe_path) {
  if (arguments.has("no-lock")) return std::optional<Lock>();
  const auto given = arguments.value("lock");
  const std::string path = lock_path(arguments, recipe_path);
  if (!given && !exists(path)) return std::optional<Lock>();
  const auto text = read_small_file(path, lock_limit);
  if (!text) return text.error();
  auto lock = read_lock(*text, path);
  if (!lock) return std::move(lock.error());
  return std::optional(std::move(*lock));
}

std::optional<Plan> compile_recipe(const std::string& path, const Arguments& arguments,
                                   std::int64_t memory, Console& console, CompileReport& report,
                                   int& code, const Findings& findings) {
  console.set_input(path);
  auto options = compile_options(arguments, path, console);
  if (!options) {
    code = exit_failed;
    return std::nullopt;
  }
  options->memory = memory;
  options->bind.measured_ranks = findings.ranks;
  options->bind.open_states = [&findings](const StatesRequest& request) {
    return findings.states ? compute_states(request, *findings.states) : describe_states(request);
  };
  if (const auto given = ranks_option(arguments); !given) {
    console.report(given.error());
    code = exit_rejected;
    return std::nullopt;
  } else if (given->has_value()) {
    options->bind.measured_ranks.insert((*given)->begin(), (*given)->end());
  }
  auto lock = lock_option(arguments, path);
  if (!lock) {
    console.report(lock.error());
    code = exit_rejected;
    return std::nullopt;
  }
  std::optional<LockedSources> locked;
  if (lock->has_value()) {
    locked.emplace(std::move(**lock), lock_path(arguments, path), path);
    locked->serve(options->bind);
  }
  SourceMap sources;
  Diagnostics diagnostics;
  auto text = read_recipe_text(path);
  if (!text.ok()) {
    diagnostics.add(text.error());
    console.report(diagnostics, sources);
    code = exit_code_for(diagnostics);
    return std::nullopt;
  }
  const FileId file = sources.add(path, std::move(*text));
  auto plan = compile(sources, file, *options, diagnostics, report);
  if (locked) report.absent = locked->absent();
  if (locked && plan) locked->report_unused(diagnostics);
  if (locked) diagnostics = locked->with_faults_of_files(diagnostics);
  diagnostics.sort_by_place();
  console.report(diagnostics, sources);
  if (arguments.timings) print_timings(report, console);
  code = exit_code_for(diagnostics);
  if (code != exit_done) return std::nullopt;
  return plan;
}

std::optional<std::string> import_config(const std::string& path, const Arguments& arguments,
                                         const std::string& path_prefix, Console& console,
                                         int& code) {
  console.set_input(path);
  const auto options = compile_options(arguments, path, console);
  if (!options) {
    code = exit_failed;
    return std::nullopt;
  }
  SourceMap sources;
  Diagnostics diagnostics;
  auto text = read_recipe_text(path);
  if (!text.ok()) {
    diagnostics.add(text.error());
    console.report(diagnostics, sources);
    code = exit_code_for(diagnostics);
    return std::nullopt;
  }
  const FileId file = sources.add(path, std::move(*text));
  std::optional<RecipeText> recipe;
  if (is_mergekit(sources, file)) {
    recipe = lower_mergekit(sources, file, options->bind, path_prefix, diagnostics);
  } else {
    diagnostics.add(error("E551", "this is no mergekit configuration: it has no 'merge_method'")
                        .in(path)
                        .hint("inarch check says what is wrong with a recipe"));
  }
  diagnostics.sort_by_place();
  console.report(diagnostics, sources);
  code = exit_code_for(diagnostics);
  if (!recipe || code != exit_done) return std::nullopt;
  return carry_comments(*recipe, sources, file).text();
}

std::string absent_text(const CompileReport& report) {
  std::vector<std::string> names;
  for (const auto& [name, place] : report.absent) names.push_back(name);
  return fmt::format("{} {} known from the lock alone", join_names(names),
                     names.size() == 1 ? "is" : "are");
}

bool all_here(const CompileReport& report, Console& console) {
  if (report.absent.empty()) return true;
  const auto& [name, place] = report.absent.front();
  Diagnostic d = error("E443", fmt::format("the weights of {} are not here, and the lock has none",
                                           report.absent.size() == 1
                                               ? fmt::format("source '{}'", name)
                                               : fmt::format("{} sources", report.absent.size())));
  for (const auto& [source, where] : report.absent)
    d.notes.push_back(fmt::format("'{}' would be {}", source, escape_for_terminal(where)));
  console.report(std::move(d).hint(fmt::format("--source {}=PATH reads it from elsewhere", name)));
  return false;
}

bool has_open_states(const Plan& plan) {
  return std::any_of(plan.sources.begin(), plan.sources.end(), [](const PlanSource& source) {
    return std::any_of(source.files.begin(), source.files.end(),
                       [](const FileIdentity& file) { return file.header_sha256.empty(); });
  });
}

std::optional<Plan> plan_from(const std::string& path, const Arguments& arguments,
                              std::int64_t memory, Console& console, CompileReport& report,
                              int& code) {
  console.set_input(path);
  const bool is_plan = path.size() > 5 && path.substr(path.size() - 5) == ".json";
  if (!is_plan) return compile_recipe(path, arguments, memory, console, report, code);
  for (const char* option : {"set", "source"}) {
    if (!arguments.has(option)) continue;
    code = usage_error(
        console, fmt::format("--{} shapes a plan when it is made, not when it is run", option));
    return std::nullopt;
  }
  Diagnostics diagnostics;
  const auto text = read_small_file(path, plan_limit);
  std::optional<Plan> plan;
  if (text.ok()) {
    auto read = read_plan(*text, path);
    if (read.ok()) {
      plan = std::move(*read);
      const Status fits = fit_budget(*plan, memory);
      if (!fits) diagnostics.add(fits.error());
    } else {
      diagnostics.add(read.error());
    }
  } else {
    diagnostics.add(text.error());
  }
  console.report(diagnostics, SourceMap());
  code = exit_code_for(diagnostics);
  return code == exit_done ? std::move(plan) : std::nullopt;
}

}  // namespace inarch
