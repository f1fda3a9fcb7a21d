#include <algorithm>
#include <cstdio>
#include <new>

#include <boost/program_options.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "compiler/support/text.h"
#include "runtime/cli/command.h"
#include "runtime/cli/completion.h"
#include "runtime/cli/exit_code.h"

namespace inarch {

namespace {

namespace po = boost::program_options;

po::options_description describe(const Command& command) {
  po::options_description options;
  auto add = options.add_options();
  add("help,h", "");
  add("quiet,q", "");
  add("timings", "");
  add(",C", po::value<std::vector<std::string>>());
  add("format", po::value<std::string>());
  add("color", po::value<std::string>());
  const auto spelled = [](std::string_view name) {
    if (name == "output") return std::string("output,o");
    if (name == "force") return std::string("force,f");
    if (name == "jobs") return std::string("jobs,j");
    if (name == "recipe") return std::string("recipe,f");
    return std::string(name);
  };
  for (const std::string_view name : command.flags) add(spelled(name).c_str(), "");
  for (const std::string_view name : command.valued)
    add(spelled(name).c_str(), po::value<std::string>());
  for (const std::string_view name : command.repeated)
    add(spelled(name).c_str(), po::value<std::vector<std::string>>());
  add("positional", po::value<std::vector<std::string>>());
  return options;
}

struct Parsed {
  Arguments arguments;
  bool help = false;
  bool quiet = false;
  Format format = Format::human;
  ColorMode color = ColorMode::automatic;
  std::string fault;
  std::string hint;
};

std::vector<std::string> option_names(const Command& command) {
  std::vector<std::string> names = {"help", "quiet", "format", "color"};
  for (const auto* list : {&command.flags, &command.valued, &command.repeated})
    names.insert(names.end(), list->begin(), list->end());
  return names;
}

std::optional<Format> format_named(std::string_view name) {
  if (name == "human" || name == "auto") return Format::human;
  if (name == "json") return Format::json;
  if (name == "sarif") return Format::sarif;
  if (name == "github") return Format::github;
  if (name == "quiet") return Format::quiet;
  return std::nullopt;
}

/// The format of a command line that cannot be parsed otherwise.
Format format_of_words(const std::vector<std::string>& words) {
  std::optional<Format> found;
  for (std::size_t k = 0; k < words.size() && words[k] != "--"; ++k) {
    if (words[k].starts_with("--format=")) found = format_named(words[k].substr(9));
    if (words[k] == "--format" && k + 1 < words.size()) found = format_named(words[k + 1]);
  }
  return found.value_or(Format::human);
}

void apply_common(const po::variables_map& values, Parsed& parsed) {
  parsed.help = values.count("help") != 0;
  parsed.quiet = values.count("quiet") != 0;
  parsed.arguments.timings = values.count("timings") != 0;
  if (values.count("format") != 0) {
    const std::string text = values["format"].as<std::string>();
    const auto format = format_named(text);
    if (format) {
      parsed.format = *format;
    } else {
      parsed.fault = fmt::format("--format is human, json, sarif, github or quiet, not '{}'",
                                 escape_for_terminal(text));
    }
  }
  if (values.count("color") != 0) {
    const std::string text = values["color"].as<std::string>();
    if (text == "always" || text == "never") {
      parsed.color = text == "always" ? ColorMode::always : ColorMode::never;
    } else if (text != "auto") {
      parsed.fault =
          fmt::format("--color is auto, always or never, not '{}'", escape_for_terminal(text));
    }
  }
  if (values.count("-C") == 0) return;
  for (const std::string& directory : values["-C"].as<std::vector<std::string>>()) {
    if (chdir(directory.c_str()) != 0)
      parsed.fault = fmt::format("-C: cannot change to '{}'", escape_for_terminal(directory));
  }
}

Parsed parse(const Command& command, const std::vector<std::string>& words) {
  Parsed parsed;
  const po::options_description options = describe(command);
  po::positional_options_description positional;
  positional.add("positional", -1);
  try {
    const int style = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
    const auto result =
        po::command_line_parser(words).options(options).positional(positional).style(style).run();
    po::variables_map values;
    po::store(result, values);
    apply_common(values, parsed);
    for (const auto& option : result.options) {
      if (option.string_key == "positional") {
        parsed.arguments.positional.insert(parsed.arguments.positional.end(), option.value.begin(),
                                           option.value.end());
      } else {
        parsed.arguments.given.emplace_back(option.string_key,
                                            option.value.empty() ? "" : option.value.front());
      }
    }
  } catch (const po::unknown_option& e) {
    parsed.format = format_of_words(words);
    parsed.fault = fmt::format("inarch {} has no option '{}'", command.name,
                               escape_for_terminal(e.get_option_name()));
    std::string bare = e.get_option_name();
    bare.erase(0,
               bare.find_first_not_of('-') == std::string::npos ? 0 : bare.find_first_not_of('-'));
    const std::string near = nearest(bare, option_names(command));
    parsed.hint = near.empty() ? fmt::format("inarch {} --help", command.name)
                               : fmt::format("did you mean '--{}'?", near);
  } catch (const po::error& e) {
    parsed.format = format_of_words(words);
    parsed.fault = escape_for_terminal(e.what());
    parsed.hint = fmt::format("inarch {} --help", command.name);
  }
  return parsed;
}

int unknown_command(const std::string& word) {
  Console console(Format::human, ColorMode::automatic, false);
  std::vector<std::string> names;
  for (const Command& command : commands()) names.emplace_back(command.name);
  const std::string near = nearest(word, names);
  return usage_error(
      console, fmt::format("there is no command '{}'", escape_for_terminal(word)),
      near.empty() ? "inarch --help" : fmt::format("did you mean 'inarch {}'?", near));
}

Diagnostic out_of_memory() {
  return error("E902", "out of memory").hint("--memory SIZE lowers what a run may use");
}

Diagnostic internal_failure(const std::exception& e) {
  return error("E903", fmt::format("internal failure: {}", escape_for_terminal(e.what())))
      .note("this is a fault of inarch, not of the recipe");
}

/// What a command throws is a finding as any other, in the format that was asked for.
int run_guarded(const Command& command, const Arguments& arguments, Console& console) {
  try {
    return command.run(arguments, console);
  } catch (const std::bad_alloc&) {
    console.report(out_of_memory());
  } catch (const std::exception& e) {
    console.report(internal_failure(e));
  }
  return exit_failed;
}

int dispatch(const std::vector<std::string>& words) {
  if (words.empty() || words[0] == "-h" || words[0] == "--help" || words[0] == "help") {
    const Command* about = words.size() > 1 ? find_command(words[1]) : nullptr;
    const std::string page = about ? command_help(*about) : program_help();
    std::fwrite(page.data(), 1, page.size(), words.empty() ? stderr : stdout);
    return words.empty() ? exit_failed : exit_done;
  }
  if (words[0] == "--version" || words[0] == "-V") {
    std::puts("inarch " INARCH_VERSION);
    return exit_done;
  }
  if (words[0] == "complete") return run_completion({words.begin() + 1, words.end()});
  // `inarch -C DIR run …` reads as well as `inarch run -C DIR …`.
  std::vector<std::string> rest = words;
  std::vector<std::string> before;
  while (rest.size() > 2 && rest[0] == "-C") {
    before.insert(before.end(), rest.begin(), rest.begin() + 2);
    rest.erase(rest.begin(), rest.begin() + 2);
  }
  const Command* command = find_command(rest[0]);
  if (!command) return unknown_command(rest[0]);
  rest.erase(rest.begin());
  rest.insert(rest.begin(), before.begin(), before.end());
  const Parsed parsed = parse(*command, rest);
  if (parsed.help) {
    const std::string page = command_help(*command);
    std::fwrite(page.data(), 1, page.size(), stdout);
    return exit_done;
  }
  Console console(parsed.format, parsed.color, parsed.quiet);
  const int code = parsed.fault.empty() ? run_guarded(*command, parsed.arguments, console)
                                        : usage_error(console, parsed.fault, parsed.hint);
  console.finish(command->name, code);
  return code == exit_done && !console.healthy() ? exit_failed : code;
}

}  // namespace

bool Arguments::has(std::string_view option) const {
  return std::any_of(given.begin(), given.end(), [&](const auto& g) { return g.first == option; });
}

std::optional<std::string> Arguments::value(std::string_view option) const {
  const auto all = values(option);
  return all.empty() ? std::nullopt : std::optional(all.back());
}

std::vector<std::string> Arguments::values(std::string_view option) const {
  std::vector<std::string> found;
  for (const auto& [name, value] : given) {
    if (name == option) found.push_back(value);
  }
  return found;
}

int usage_error(Console& console, std::string message, std::string help) {
  console.report(error("E720", std::move(message)).in("command line").hint(std::move(help)));
  return exit_failed;
}

namespace {

/// What is said when there is no memory left to say it with.
int give_up() {
  std::fputs("error[E902]: out of memory\n", stderr);
  return exit_failed;
}

int reported(const Diagnostic& fault) {
  Console(Format::human, ColorMode::automatic, false).report(fault);
  return exit_failed;
}

int guarded_dispatch(int count, char** words) {
  try {
    return dispatch(std::vector<std::string>(words + 1, words + count));
  } catch (const std::bad_alloc&) {
    return reported(out_of_memory());
  } catch (const std::exception& e) {
    return reported(internal_failure(e));
  }
}

}  // namespace

int run_program(int count, char** words) {
  try {
    const int code = guarded_dispatch(count, words);
    const bool said = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
    return code == exit_done && !said ? exit_failed : code;
  } catch (...) {
    return give_up();
  }
}

}  // namespace inarch
