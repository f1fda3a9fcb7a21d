#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/cli/command.h"

namespace inarch {

/// What a word may become, and what that is.
struct Candidate {
  std::string text;  // the whole word
  std::string note;  // "" when it speaks for itself
};

/// A command line up to the word that is being typed.
struct TypedLine {
  const Command* command = nullptr;                          // null while it is not known
  std::vector<std::pair<std::string, std::string>> options;  // as Arguments::given
  std::vector<std::string> positional;
  std::string open_option;  // whose value is being typed
  std::string current;      // what there is of the word, of a value only the value
  std::string before;       // what of the word stands before it: "--source=", or ""

  std::string value(std::string_view option) const;
};

/// The words after the program's name; the last one is being typed. Changes to the directories that
/// -C names.
TypedLine read_typed_line(const std::vector<std::string>& words);

/// What the last word may become: commands, options, their values, names of a recipe's sources and
/// params and of the tensors of a model, files. Reads headers and recipes; faults in them give
/// fewer candidates.
std::vector<Candidate> complete_words(const std::vector<std::string>& words);

/// Files whose names begin as the word does, and directories, with '/' after them. `endings` are
/// those of the files that are meant; empty for all.
std::vector<Candidate> complete_path(const std::string& word,
                                     const std::vector<std::string>& endings);

/// Names of tensors that begin as the word does; of many, what they have in common up to a dot.
std::vector<Candidate> complete_tensor(const std::string& word,
                                       const std::vector<std::string>& names);

/// Of the recipe or template that the line is about: `NAME=` and, after that, its value.
std::vector<Candidate> complete_param(const TypedLine& line);
std::vector<Candidate> complete_source(const TypedLine& line);
/// Of the model or recipe that the line is about.
std::vector<Candidate> complete_model_tensor(const TypedLine& line);
std::vector<Candidate> complete_output_tensor(const TypedLine& line);

/// What `explain` takes, with a line about each.
std::vector<Candidate> explain_words();

/// A line of bash as far as it is typed, as words; the last one begins at `begin` of the line.
struct BashLine {
  std::vector<std::string> words;
  std::size_t begin = 0;
  char open_quote = 0;
};
BashLine read_bash_line(std::string_view line);

/// The candidate as bash puts it in place of what follows the last of its word breaks.
std::string bash_completion(const Candidate& candidate, const BashLine& line,
                            std::string_view raw_line, std::string_view breaks);

/// `inarch complete -- WORDS…`, and `inarch complete --bash LINE BREAKS`: what the shells' scripts
/// call. Quiet and successful whatever happens.
int run_completion(const std::vector<std::string>& words);

}  // namespace inarch
