#include "runtime/cli/completion.h"

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>
#include <unistd.h>

#include "compiler/architecture/architecture.h"
#include "compiler/passes/pipeline.h"
#include "compiler/support/text.h"
#include "runtime/cli/exit_code.h"
#include "runtime/cli/recipe_template.h"

namespace inarch {

namespace {

using Candidates = std::vector<Candidate>;

const std::vector<std::string> recipe_files = {".yaml", ".yml"};
const std::vector<std::string> model_files = {".safetensors"};

bool contains(const std::vector<std::string_view>& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

bool takes_value(const Command& command, std::string_view option) {
  return contains(command.valued, option) || contains(command.repeated, option) ||
         option == "format" || option == "color" || option == "-C";
}

/// The long name of `-o` and its like, as describe() of program.cpp has them.
std::string long_name(const Command& command, char letter) {
  if (letter == 'o') return "output";
  if (letter == 'j') return "jobs";
  if (letter == 'C') return "-C";
  if (letter == 'q') return "quiet";
  if (letter == 'h') return "help";
  if (letter == 'f') return contains(command.flags, "force") ? "force" : "recipe";
  return std::string(1, letter);
}

Candidates words_of(const std::vector<std::string>& words) {
  Candidates candidates;
  for (const std::string& word : words) candidates.push_back({word, {}});
  return candidates;
}

Candidates all_of(Candidates first, const Candidates& more) {
  first.insert(first.end(), more.begin(), more.end());
  return first;
}

Candidates command_names() {
  Candidates candidates;
  for (const Command& command : commands())
    candidates.push_back({std::string(command.name), std::string(command.summary)});
  return candidates;
}

Candidates architecture_words() { return words_of(architecture_names()); }

Candidates template_names() {
  Candidates candidates;
  for (const RecipeTemplate& recipe : recipe_templates())
    candidates.push_back({recipe.name, recipe.summary});
  return candidates;
}

Candidates pass_names(bool with_all) {
  Candidates candidates;
  if (with_all) candidates.push_back({"all", "after each pass"});
  for (const Pass& pass : passes()) {
    if (with_all || !pass.required)
      candidates.push_back({std::string(pass.name), std::string(pass.summary)});
  }
  return candidates;
}

/// Values of options that take one of a few words.
const std::vector<std::pair<std::string_view, std::vector<std::string>>>& fixed_values() {
  static const std::vector<std::pair<std::string_view, std::vector<std::string>>> values = {
      {"format", {"human", "json", "sarif", "github", "quiet"}},
      {"color", {"auto", "always", "never"}},
      {"graph", {"dot", "html"}},
      {"rounding", {"f32", "bf16"}},
      {"dtype", {"bf16", "f16", "f32", "f64"}},
      {"by", {"output", "coactivation", "use", "router", "weights"}},
      {"method", {"agglomerative", "kmeans"}},
      {"memory", {"512MiB", "1GiB", "2GiB", "4GiB", "8GiB", "16GiB"}},
      {"shard-size", {"1GB", "2GB", "5GB", "10GB"}},
  };
  return values;
}

Candidates option_values(const TypedLine& line) {
  for (const auto& [option, values] : fixed_values()) {
    if (option == line.open_option) return words_of(values);
  }
  const std::string& option = line.open_option;
  if (option == "set") return complete_param(line);
  if (option == "source") return complete_source(line);
  if (option == "disable-pass") return pass_names(false);
  if (option == "dump-after") return pass_names(true);
  if (option == "recipe") return complete_path(line.current, recipe_files);
  if (option == "config" || option == "ranks") return complete_path(line.current, {".json"});
  if (option == "architecture")
    return all_of(architecture_words(), complete_path(line.current, recipe_files));
  if (option == "-C") return complete_path(line.current, {"/"});
  if (option == "jobs" || option == "seed" || option == "std" || option == "groups" ||
      option == "top")
    return {};
  return complete_path(line.current, {});
}

Candidates positionals(const TypedLine& line) {
  const std::string_view name = line.command->name;
  const std::size_t position = line.positional.size();
  const auto path = [&](const std::vector<std::string>& endings) {
    return complete_path(line.current, endings);
  };
  if (name == "explain") return position == 0 ? explain_words() : Candidates{};
  if (name == "new") return position == 0 ? template_names() : Candidates{};
  if (name == "completions") return words_of({"bash", "zsh", "fish"});
  if (name == "schema") return {};
  if (name == "why") return complete_output_tensor(line);
  if (name == "run" || name == "plan") return path({".yaml", ".yml", ".json"});
  if (name == "verify") return path({"/"});
  if (name == "synth") return all_of(architecture_words(), path(recipe_files));
  if (name == "check-arch" && position == 0)
    return all_of(architecture_words(), path(recipe_files));
  if (name == "inspect") return position == 0 ? path(model_files) : complete_model_tensor(line);
  if (name == "diff") return position < 2 ? path(model_files) : complete_model_tensor(line);
  if (name == "logits" || name == "stats" || name == "group" || name == "check-arch")
    return path(model_files);
  return path(recipe_files);
}

/// Of "-o, --output DIR" the names: "-o" and "--output".
Candidates option_names_of(const Command& command) {
  Candidates candidates;
  for (const OptionHelp& option : command.options) {
    std::string_view names = option.names;
    const std::size_t dashes = names.find("--");
    if (dashes == std::string_view::npos) continue;
    names.remove_prefix(dashes);
    candidates.push_back(
        {std::string(names.substr(0, names.find(' '))), std::string(option.meaning)});
  }
  candidates.push_back({"--format", "how to report"});
  candidates.push_back({"--color", "auto, always or never"});
  candidates.push_back({"--quiet", "results and errors only"});
  candidates.push_back({"--help", "the command's page"});
  return candidates;
}

Candidates candidates_for(const TypedLine& line, const std::vector<std::string>& words) {
  if (!line.command) {
    const bool first = words.size() == 1 || line.positional.empty();
    Candidates candidates = first ? command_names() : Candidates{};
    if (words.size() == 1)
      candidates = all_of(std::move(candidates), {{"--help", ""}, {"--version", ""}, {"-C", ""}});
    return candidates;
  }
  if (!line.open_option.empty()) return option_values(line);
  if (line.current.starts_with('-') && line.current != "-") return option_names_of(*line.command);
  return positionals(line);
}

/// Reads one word before the last.
void read_word(const std::string& word, bool& only_positionals, TypedLine& line) {
  if (!line.open_option.empty()) {
    if (line.open_option == "-C" && chdir(word.c_str()) != 0) line.open_option.clear();
    line.options.emplace_back(line.open_option, word);
    line.open_option.clear();
  } else if (only_positionals || word.size() < 2 || word[0] != '-') {
    line.positional.push_back(word);
  } else if (word == "--") {
    only_positionals = true;
  } else {
    const bool is_long = word.starts_with("--");
    const std::size_t equals = is_long ? word.find('=') : std::string::npos;
    const std::string name =
        is_long ? word.substr(2, equals - 2) : long_name(*line.command, word[1]);
    const bool given = equals != std::string::npos || (!is_long && word.size() > 2);
    if (!takes_value(*line.command, name)) {
      line.options.emplace_back(name, "");
    } else if (given) {
      line.options.emplace_back(name, word.substr(is_long ? equals + 1 : 2));
    } else {
      line.open_option = name;
    }
  }
}

}  // namespace

std::string TypedLine::value(std::string_view option) const {
  std::string found;
  for (const auto& [name, text] : options) {
    if (name == option) found = text;
  }
  return found;
}

TypedLine read_typed_line(const std::vector<std::string>& words) {
  TypedLine line;
  std::size_t at = 0;
  for (; at + 2 < words.size() && words[at] == "-C"; at += 2)
    if (chdir(words[at + 1].c_str()) != 0) break;
  line.current = words.back();
  if (at + 1 >= words.size()) return line;
  if (words[at] == "-C") {
    line.command = &commands().front();
    line.open_option = "-C";
    return line;
  }
  if (words[at] == "help" && at + 2 == words.size()) return line;
  line.command = find_command(words[at]);
  line.positional = line.command ? std::vector<std::string>{} : std::vector{words[at]};
  bool only_positionals = false;
  for (++at; line.command && at + 1 < words.size(); ++at)
    read_word(words[at], only_positionals, line);
  if (!line.command || !line.open_option.empty() || only_positionals) return line;
  const std::size_t equals = line.current.find('=');
  if (!line.current.starts_with("--") || equals == std::string::npos) return line;
  const std::string name = line.current.substr(2, equals - 2);
  if (!takes_value(*line.command, name)) return line;
  line.open_option = name;
  line.before = line.current.substr(0, equals + 1);
  line.current.erase(0, equals + 1);
  return line;
}

std::vector<Candidate> complete_words(const std::vector<std::string>& words) {
  const TypedLine line = read_typed_line(words);
  Candidates fitting;
  for (Candidate& candidate : candidates_for(line, words)) {
    if (!candidate.text.starts_with(line.current)) continue;
    candidate.text.insert(0, line.before);
    fitting.push_back(std::move(candidate));
  }
  return fitting;
}

BashLine read_bash_line(std::string_view line) {
  BashLine read;
  bool in_word = false;
  for (std::size_t at = 0; at < line.size(); ++at) {
    const char c = line[at];
    const bool blank = c == ' ' || c == '\t';
    if (read.open_quote == 0 && blank) {
      in_word = false;
      continue;
    }
    if (!in_word) {
      read.words.emplace_back();
      read.begin = at;
      in_word = true;
    }
    if (read.open_quote != 0 && c == read.open_quote) {
      read.open_quote = 0;
    } else if (read.open_quote == 0 && (c == '\'' || c == '"')) {
      read.open_quote = c;
    } else if (c == '\\' && read.open_quote != '\'' && at + 1 < line.size()) {
      read.words.back() += line[++at];
    } else {
      read.words.back() += c;
    }
  }
  if (!in_word) {
    read.words.emplace_back();
    read.begin = line.size();
  }
  return read;
}

std::string bash_completion(const Candidate& candidate, const BashLine& line,
                            std::string_view raw_line, std::string_view breaks) {
  const std::string_view raw = raw_line.substr(line.begin);
  // What is typed of the word decodes to a beginning of the candidate; what of it bash keeps, too.
  std::size_t kept = 0;
  for (std::size_t at = 0; at < raw.size(); ++at) {
    if (line.open_quote != 0 && raw[at] == line.open_quote) {
      kept = at + 1;
      break;
    }
    if (raw[at] == '\\') {
      ++at;
    } else if (line.open_quote == 0 && breaks.find(raw[at]) != std::string_view::npos) {
      kept = at + 1;
    }
  }
  const std::string prefix = read_bash_line(raw.substr(0, kept)).words.back();
  std::string text = candidate.text.substr(std::min(prefix.size(), candidate.text.size()));
  if (line.open_quote != 0) return text;
  std::string escaped;
  for (const char c : text) {
    if (std::string_view(" \t\\'\"`$&|;<>()*?[]{}!#~").find(c) != std::string_view::npos)
      escaped += '\\';
    escaped += c;
  }
  return escaped;
}

int run_completion(const std::vector<std::string>& words) {
  if (std::freopen("/dev/null", "w", stderr) == nullptr) return exit_done;
  std::string out;
  if (words.size() == 3 && words[0] == "--bash") {
    BashLine line = read_bash_line(words[1]);
    if (line.words.size() < 2) return exit_done;
    line.words.erase(line.words.begin());
    for (const Candidate& candidate : complete_words(line.words))
      out += bash_completion(candidate, line, words[1], words[2]) + "\n";
  } else if (words.size() > 1 && words[0] == "--") {
    for (const Candidate& candidate : complete_words({words.begin() + 1, words.end()}))
      out += fmt::format("{}{}{}\n", candidate.text, candidate.note.empty() ? "" : "\t",
                         candidate.note);
  }
  std::fwrite(out.data(), 1, out.size(), stdout);
  return exit_done;
}

}  // namespace inarch
