#include "compiler/recipe/include_reader.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "compiler/recipe/fields.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

constexpr std::size_t most_parts = 100;

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Why a path may not be included, whatever it leads to, or "".
std::string_view refusal(std::string_view path) {
  if (path.empty()) return "the path is empty";
  if (path[0] == '/') return "the path is absolute";
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t slash = std::min(path.find('/', at), path.size());
    if (path.substr(at, slash - at) == "..") return "the path leads out of its folder";
    at = slash + 1;
  }
  return path.find("${") != std::string_view::npos ? "the path is no plain text" : "";
}

/// Adds E129 for each key that a part may not have.
bool is_part(const YamlNode& root, Span where, Diagnostics& diagnostics) {
  const std::size_t before = diagnostics.errors();
  for (const auto& [key, value] : root.entries) {
    if (!contains(keys_in_recipe(), key.text) || contains(keys_in_part(), key.text)) continue;
    diagnostics.add(error("E129", key.text == "include"
                                      ? "an included file includes no others"
                                      : fmt::format("an included file has no '{}'", key.text))
                        .at(key.span, "belongs in the recipe itself")
                        .also(where, "included here"));
  }
  return diagnostics.errors() == before;
}

class PartReader {
 public:
  PartReader(SourceMap& sources, const ReadPart& read_part, Diagnostics& diagnostics)
      : sources_(sources), read_part_(read_part), diagnostics_(diagnostics) {}

  void read(const YamlNode& path) {
    if (!path.is_scalar()) return wrong_kind(path, "an entry of 'include'", "a path", diagnostics_);
    const std::string_view refused = refusal(path.text);
    if (!refused.empty()) return refuse(path, std::string(refused));
    for (const YamlNode* other : seen_) {
      if (other->text != path.text) continue;
      diagnostics_.add(
          error("E128", fmt::format("'{}' is included twice", escape_for_terminal(path.text)))
              .at(path.span)
              .also(other->span, "first here"));
      return;
    }
    seen_.push_back(&path);
    Result<PartText> text = read_part_ ? read_part_(path.text)
                                       : Result<PartText>(error("E128", "nothing can be included"));
    if (!text) return refuse(path, text.error().message, text.error().help);
    const FileId file = sources_.add(std::move(text->path), std::move(text->text));
    auto root = read_yaml(sources_, file, diagnostics_);
    if (root && is_part(*root, path.span, diagnostics_)) parts.push_back({file, std::move(*root)});
  }

  std::vector<IncludedPart> parts;

 private:
  void refuse(const YamlNode& path, const std::string& why, const std::string& help = {}) {
    diagnostics_.add(
        error("E128", fmt::format("cannot include '{}': {}", escape_for_terminal(path.text), why))
            .at(path.span)
            .note("included files lie in the recipe's folder, or below it")
            .hint(help));
  }

  SourceMap& sources_;
  const ReadPart& read_part_;
  Diagnostics& diagnostics_;
  std::vector<const YamlNode*> seen_;
};

}  // namespace

std::optional<std::vector<IncludedPart>> read_parts(const YamlNode& recipe, SourceMap& sources,
                                                    const ReadPart& read_part,
                                                    Diagnostics& diagnostics) {
  const YamlNode* include = recipe.find("include");
  if (!include || include->is_null()) return std::vector<IncludedPart>();
  const std::size_t before = diagnostics.errors();
  PartReader reader(sources, read_part, diagnostics);
  if (!include->is_sequence()) {
    wrong_kind(*include, "'include'", "a list of paths", diagnostics);
  } else if (include->items.size() > most_parts) {
    diagnostics.add(error("E128", fmt::format("a recipe includes at most {} files, here are {}",
                                              most_parts, include->items.size()))
                        .at(include->span));
  } else {
    for (const YamlNode& path : include->items) reader.read(path);
  }
  if (diagnostics.errors() != before) return std::nullopt;
  return std::move(reader.parts);
}

bool is_only_a_part(const YamlNode& root, const std::string& path, Diagnostics& diagnostics) {
  if (!root.is_mapping() || root.entries.empty()) return false;
  for (const auto& [key, value] : root.entries) {
    if (key.text == "inarch" || key.text == "tensors") return false;
    if (!contains(keys_in_part(), key.text)) return false;
  }
  diagnostics.add(error("E129", "this is a part of a recipe, and no recipe")
                      .at(root.entries.front().key.span, "no 'inarch', and no 'tensors'")
                      .note("check the recipe that includes it")
                      .hint(fmt::format("include: [ {} ]", escape_for_terminal(path))));
  return true;
}

std::vector<std::string> keys_in_recipe() {
  return {"inarch", "name",       "license", "include", "params", "sources", "data",   "let",
          "target", "vocabulary", "define",  "tensors", "checks", "output",  "outputs"};
}

std::vector<std::string> keys_in_part() {
  return {"inarch", "params", "sources", "data", "let", "define", "tensors", "checks"};
}

}  // namespace inarch
