#include <fmt/format.h>

#include "compiler/architecture/architecture.h"
#include "compiler/core/transform_docs.h"
#include "compiler/recipe/function_docs.h"
#include "compiler/recipe/key_docs.h"
#include "compiler/support/explain.h"
#include "compiler/support/text.h"
#include "runtime/cli/command.h"
#include "runtime/cli/completion.h"
#include "runtime/cli/exit_code.h"

namespace inarch {

namespace {

std::string list_errors() {
  std::string out;
  for (const std::string& code : error_codes())
    out += fmt::format("  {}  {}\n", code, error_title(*error_page(code)));
  return out;
}

std::string list_architectures() {
  std::string out;
  SourceMap sources;
  Diagnostics ignored;
  for (const std::string& name : architecture_names()) {
    const auto architecture = load_architecture(name, sources, ignored);
    out += fmt::format("  {:<16} {}\n", name, architecture ? architecture->title() : "");
  }
  return out;
}

/// A list that `explain` prints.
struct Topic {
  std::string_view name;
  std::string_view summary;
  std::string (*text)();
};

constexpr Topic topics[] = {
    {"transforms", "what apply, combine and init can do", transform_list},
    {"functions", "what expressions can call", function_list},
    {"keys", "what a recipe can say", key_list},
    {"errors", "all codes", list_errors},
    {"architectures", "what a target can be", list_architectures},
    {"reference", "all transforms, in full", transform_reference},
};

/// All that a word means: a name may be that of a transform, a function and a key.
std::string pages_of(const std::string& word) {
  for (const Topic& topic : topics) {
    if (word == topic.name) return topic.text();
  }
  if (const std::optional<std::string_view> page = error_page(word)) {
    const std::string example = error_example(word);
    return std::string(*page) + (example.empty() ? "" : "\n" + example);
  }
  std::string pages;
  const auto add = [&](const std::string& page) {
    if (!page.empty()) pages += (pages.empty() ? "" : "\n") + page;
  };
  if (const TransformSpec* transform = find_transform(word)) add(transform_page(*transform));
  add(function_page(word));
  add(key_page(word));
  return pages;
}

}  // namespace

std::vector<Candidate> explain_words() {
  std::vector<Candidate> words;
  for (const Topic& topic : topics)
    words.push_back({std::string(topic.name), std::string(topic.summary)});
  for (const TransformSpec& transform : transforms())
    words.push_back({std::string(transform.name), std::string(transform.summary)});
  for (const FunctionDoc& function : function_docs()) {
    if (!find_transform(function.name))
      words.push_back({std::string(function.name), std::string(function.summary)});
  }
  for (const KeyDoc& key : key_docs()) {
    const auto same = [&](const Candidate& word) { return word.text == key.name; };
    if (std::none_of(words.begin(), words.end(), same)) words.push_back({key.name, key.summary});
  }
  for (const std::string& code : error_codes())
    words.push_back({code, error_title(*error_page(code))});
  return words;
}

int command_explain(const Arguments& arguments, Console& console) {
  if (arguments.positional.size() != 1)
    return usage_error(console, "explain takes a code, a transform, a function or a key",
                       "inarch explain E203");
  const std::string& word = arguments.positional[0];
  const std::string pages = pages_of(word);
  if (!pages.empty()) return console.write(pages), exit_done;
  std::vector<std::string> names;
  for (Candidate& known : explain_words()) names.push_back(std::move(known.text));
  const std::string near = nearest(word, names);
  return usage_error(
      console,
      fmt::format("'{}' is no code, transform, function or key", escape_for_terminal(word)),
      near.empty() ? "inarch explain transforms" : fmt::format("did you mean '{}'?", near));
}

}  // namespace inarch
