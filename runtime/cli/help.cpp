#include <fmt/format.h>

#include "runtime/cli/command.h"

namespace inarch {

namespace {

constexpr std::string_view common_options =
    "  -C DIR                     change to DIR first\n"
    "  --format NAME              human, json (one object a line), sarif, github (annotations) or "
    "quiet\n"
    "  --color auto|always|never  NO_COLOR is honoured too\n"
    "  -q, --quiet                results and errors only\n"
    "  -h, --help                 this page\n";

constexpr std::string_view exit_codes =
    "EXIT CODES\n"
    "  0        done\n"
    "  1        the recipe or an input was rejected, or a comparison found a difference\n"
    "  2        usage, input/output or internal failure\n"
    "  75       busy: the same command may work later\n"
    "  130/143  interrupted; the same command resumes\n";

std::string indented(std::string_view text) {
  std::string out;
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = text.find('\n', begin);
    if (end == std::string_view::npos) end = text.size();
    out += "  " + std::string(text.substr(begin, end - begin)) + "\n";
    begin = end + 1;
  }
  return out;
}

}  // namespace

std::string command_help(const Command& command) {
  std::string out =
      fmt::format("NAME\n  inarch {} - {}\n\nUSAGE\n  {}\n\nDESCRIPTION\n{}\nOPTIONS\n",
                  command.name, command.summary, command.usage, indented(command.description));
  for (const OptionHelp& option : command.options) {
    out += option.names.size() > 24 ? fmt::format("  {}\n                             {}\n",
                                                  option.names, option.meaning)
                                    : fmt::format("  {:<26} {}\n", option.names, option.meaning);
  }
  out += common_options;
  out += fmt::format("\nEXAMPLES\n{}\n\n{}", command.examples, exit_codes);
  return out;
}

std::string program_help() {
  std::string out =
      "inarch - a compiler for model recipes\n\n"
      "USAGE\n  inarch COMMAND [options]\n\nCOMMANDS\n";
  for (const Command& command : commands())
    out += fmt::format("  {:<12} {}\n", command.name, command.summary);
  out += fmt::format("\nOPTIONS\n{}  --version                  the version\n\n", common_options);
  out +=
      "'inarch COMMAND --help' tells more. A first walk:\n"
      "  inarch new\n"
      "  inarch check recipe.yaml\n"
      "  inarch plan recipe.yaml\n"
      "  inarch run recipe.yaml -o out\n"
      "  inarch verify out\n\n";
  out += exit_codes;
  return out;
}

}  // namespace inarch
