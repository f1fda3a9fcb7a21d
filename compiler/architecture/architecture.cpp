#include "compiler/architecture/architecture.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "compiler/architecture/architecture_file.h"
#include "compiler/architecture/expand.h"
#include "compiler/architecture/respell.h"
#include "compiler/support/embedded.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

constexpr std::string_view extension = ".yaml";

const embedded::File* find_embedded(std::string_view name) {
  const std::span<const embedded::File> files = embedded::architectures();
  const auto file = std::find_if(files.begin(), files.end(), [&](const embedded::File& candidate) {
    return candidate.name == std::string(name) + std::string(extension);
  });
  return file == files.end() ? nullptr : &*file;
}

}  // namespace

Architecture::Architecture(std::shared_ptr<const ArchitectureFile> file) : file_(std::move(file)) {}

const std::string& Architecture::name() const { return file_->name; }
const std::string& Architecture::title() const { return file_->title; }
const std::vector<ConfigMatch>& Architecture::matches() const { return file_->matches; }

std::vector<std::string> Architecture::spellings() const {
  std::vector<std::string> names;
  for (const SpellingRules& rules : file_->spellings) names.push_back(rules.name);
  return names;
}

std::optional<std::vector<ArchTensor>> Architecture::expand(const Value& config,
                                                            Diagnostics& diagnostics, Span asked,
                                                            ExpansionTrace* trace) const {
  return expand_architecture(*file_, config, diagnostics, asked, trace);
}

std::optional<std::vector<ArchTensor>> Architecture::respell(std::vector<ArchTensor> tensors,
                                                             std::string_view spelling,
                                                             Diagnostics& diagnostics,
                                                             Span asked) const {
  if (spelling.empty()) return tensors;
  for (const SpellingRules& rules : file_->spellings) {
    if (rules.name == spelling) return respelled(tensors, rules);
  }
  const std::vector<std::string> known = spellings();
  const std::string near = nearest(spelling, known);
  diagnostics.add(
      error("E523", fmt::format("{} has no spelling '{}'", name(), escape_for_terminal(spelling)))
          .at(asked)
          .note(known.empty() ? "it has only the usual one" : "spellings: " + join_names(known))
          .hint(near.empty() ? "" : fmt::format("did you mean '{}'?", near)));
  return std::nullopt;
}

std::optional<Architecture> load_architecture(std::string_view name, SourceMap& sources,
                                              Diagnostics& diagnostics, Span asked) {
  if (const embedded::File* file = find_embedded(name)) {
    const FileId id =
        sources.add("architectures/" + std::string(file->name), std::string(file->text));
    return read_architecture(sources, id, diagnostics);
  }
  const std::vector<std::string> known = architecture_names();
  const std::string near = nearest(name, known);
  diagnostics.add(
      error("E510", fmt::format("no architecture is named '{}'", escape_for_terminal(name)))
          .at(asked)
          .note("built in: " + join_names(known, 30))
          .hint(near.empty() ? "a path such as ./my_model.yaml names a file of your own"
                             : fmt::format("did you mean '{}'?", near)));
  return std::nullopt;
}

std::vector<std::string> architecture_names() {
  std::vector<std::string> names;
  for (const embedded::File& file : embedded::architectures()) {
    names.emplace_back(file.name.substr(0, file.name.size() - extension.size()));
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool is_architecture_path(std::string_view text) {
  return text.find('/') != std::string_view::npos || text.ends_with(extension);
}

}  // namespace inarch
