#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/cli/console.h"

namespace inarch {

/// One option of a command, as --help shows it.
struct OptionHelp {
  std::string_view names;  // "-o, --output DIR"
  std::string_view meaning;
};

/// A command of the program: what it is called, what it does, and how to learn about it.
struct Command {
  std::string_view name;
  std::string_view usage;        // "inarch run RECIPE|PLAN -o OUT [options]"
  std::string_view summary;      // one line
  std::string_view description;  // paragraphs
  std::vector<OptionHelp> options;
  std::vector<std::string_view> flags;     // options of this command that take no value: "force"
  std::vector<std::string_view> valued;    // options that take a value
  std::vector<std::string_view> repeated;  // options that take a value and may come again
  std::string_view examples;
  int (*run)(const class Arguments& arguments, Console& console);
};

/// The words of a command line, sorted out: options that every command has, its own, and the rest.
class Arguments {
 public:
  std::vector<std::string> positional;
  bool timings = false;

  bool has(std::string_view option) const;
  std::optional<std::string> value(std::string_view option) const;
  std::vector<std::string> values(std::string_view option) const;

  std::vector<std::pair<std::string, std::string>> given;  // option and value, in order
};

/// All commands, in the order in which --help lists them. `compile` is another word for `plan`.
const std::vector<Command>& commands();
const Command* find_command(std::string_view name);

int command_check(const Arguments& arguments, Console& console);
int command_check_arch(const Arguments& arguments, Console& console);
int command_plan(const Arguments& arguments, Console& console);
int command_run(const Arguments& arguments, Console& console);
int command_lock(const Arguments& arguments, Console& console);
int command_import(const Arguments& arguments, Console& console);
int command_verify(const Arguments& arguments, Console& console);
int command_inspect(const Arguments& arguments, Console& console);
int command_diff(const Arguments& arguments, Console& console);
int command_logits(const Arguments& arguments, Console& console);
int command_group(const Arguments& arguments, Console& console);
int command_stats(const Arguments& arguments, Console& console);
int command_synth(const Arguments& arguments, Console& console);
int command_explain(const Arguments& arguments, Console& console);
int command_why(const Arguments& arguments, Console& console);
int command_new(const Arguments& arguments, Console& console);
int command_fmt(const Arguments& arguments, Console& console);
int command_completions(const Arguments& arguments, Console& console);
int command_schema(const Arguments& arguments, Console& console);

/// E720, exit 2: the command line is not understood.
int usage_error(Console& console, std::string message, std::string help = {});

/// The help page of one command, and of the program.
std::string command_help(const Command& command);
std::string program_help();

/// The whole program: parses, dispatches, and turns what happened into an exit code.
int run_program(int count, char** words);

}  // namespace inarch
