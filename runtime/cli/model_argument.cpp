#include "runtime/cli/model_argument.h"

#include <fmt/format.h>

#include "compiler/recipe/name_tree.h"
#include "compiler/support/text.h"
#include "runtime/io/checkpoint.h"
#include "runtime/io/directory.h"
#include "runtime/io/hub_cache.h"

namespace inarch {

namespace {

bool is_address(const std::string& model) {
  return model.starts_with("hf://") || model.starts_with("https://") ||
         model.starts_with("http://");
}

/// Names that fit, by position.
std::vector<std::size_t> fitting(const std::vector<std::string>& names,
                                 const ResolvedPattern& pattern) {
  NameTree tree;
  for (std::size_t i = 0; i < names.size(); ++i) tree.add(names[i], i);
  std::vector<std::size_t> found;
  for (const NameTree::Match& match : tree.match(pattern)) {
    // A name that fits in several ways is one name.
    if (found.empty() || found.back() != match.index) found.push_back(match.index);
  }
  return found;
}

std::optional<ResolvedPattern> read_pattern(const std::string& text, Diagnostics& diagnostics) {
  Diagnostics own;
  const auto pattern = parse_name_pattern(text, Span{}, own);
  std::optional<ResolvedPattern> resolved;
  if (pattern) resolved = resolve(*pattern, Scope(), own);
  for (const Diagnostic& d : own.list()) {
    Diagnostic named = d;
    named.subject = fmt::format("pattern '{}'", escape_for_terminal(text));
    diagnostics.add(std::move(named));
  }
  return resolved;
}

std::string suggestion(const std::vector<std::string>& names, const std::string& text) {
  const std::string below = text + (text.ends_with('.') ? "" : ".") + "{rest...}";
  Diagnostics unused;
  const auto pattern = read_pattern(below, unused);
  if (pattern && !fitting(names, *pattern).empty())
    return fmt::format("'{}'", escape_for_terminal(below));
  if (text.find('*') != std::string::npos)
    return "{name} stands for one part of a name, {rest...} for any number of them";
  const std::string near = nearest(text, names);
  return near.empty() ? "inarch inspect MODEL lists the names"
                      : fmt::format("did you mean '{}'?", escape_for_terminal(near));
}

}  // namespace

std::optional<Checkpoint> open_model(const std::string& model, Diagnostics& diagnostics) {
  if (exists(model) && !is_address(model)) return open_checkpoint(model, diagnostics);
  const auto reference = parse_hub_reference(model);
  if (!reference.ok()) {
    if (!is_address(model)) return open_checkpoint(model, diagnostics);
    diagnostics.add(reference.error());
    return std::nullopt;
  }
  const auto snapshot = find_snapshot(*reference, process_environment());
  if (snapshot.ok()) return open_checkpoint(*snapshot, diagnostics);
  // "models/gemma" reads as a repository too, but next to a folder "models" it is a slip in a path.
  if (!is_address(model) && is_directory(parent_path(model)))
    return open_checkpoint(model, diagnostics);
  Diagnostic fault = snapshot.error();
  const std::size_t option = fault.help.find(", or point the source");
  if (option != std::string::npos) fault.help.erase(option);
  if (!is_address(model))
    fault.notes.insert(fault.notes.begin(), "there is no file or directory of that name");
  diagnostics.add(std::move(fault));
  return std::nullopt;
}

std::optional<std::vector<std::size_t>> select_tensors(const std::vector<std::string>& names,
                                                       const std::string& pattern,
                                                       Diagnostics& diagnostics) {
  const auto resolved = read_pattern(pattern, diagnostics);
  if (!resolved) return std::nullopt;
  auto found = fitting(names, *resolved);
  if (!found.empty()) return found;
  diagnostics.add(error("E730", fmt::format("none of {} tensors has a name like '{}'", names.size(),
                                            escape_for_terminal(pattern)))
                      .in("command line")
                      .hint(suggestion(names, pattern)));
  return std::nullopt;
}

}  // namespace inarch
