#include "compiler/recipe/match_outputs.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/support/text.h"

namespace inarch {

namespace {

/// What a message says where a recipe has no such output.
Diagnostic unknown_output(const OutputRequest& request, const Recipe& recipe) {
  std::vector<std::string> names;
  for (const OutputDecl& output : recipe.outputs) names.push_back(output.name);
  const std::string shown = escape_for_terminal(request.name);
  if (!recipe.has_named_outputs()) {
    return error("E138",
                 fmt::format("there is no output '{}': the recipe has one, without a name", shown))
        .at(request.span)
        .hint("out:NAME reads it");
  }
  const std::string near = nearest(request.name, names);
  Diagnostic d =
      error("E138", request.name == "out" ? "the recipe has several outputs: say which one"
                                          : fmt::format("there is no output '{}'", shown))
          .at(request.span)
          .note(fmt::format("outputs: {}", join_names(names)));
  if (request.name == "out") {
    const OutputDecl& first = recipe.outputs.front();
    d.help = fmt::format("{}{}:…", first.name, first.is_list() ? "[0]" : "");
  } else if (!near.empty()) {
    d.help = fmt::format("did you mean '{}'?", near);
  }
  return d;
}

Diagnostic list_or_not(const OutputRequest& request, const OutputDecl& output) {
  return error("E209", output.is_list()
                           ? fmt::format("'{}' is a list of outputs: say which one", output.name)
                           : fmt::format("'{}' is one output, not a list", output.name))
      .at(request.span)
      .also(output.span, "declared here")
      .hint(output.is_list() ? fmt::format("{0}[0] or {0}[{{i}}]", output.name) : output.name);
}

}  // namespace

bool names_output(const std::string& name, const Recipe& recipe) {
  if (name == "out") return true;
  return recipe.has_named_outputs() &&
         std::any_of(recipe.outputs.begin(), recipe.outputs.end(),
                     [&](const OutputDecl& output) { return output.name == name; });
}

std::optional<std::vector<OutputMatch>> match_outputs(const OutputRequest& request,
                                                      const Recipe& recipe,
                                                      const std::vector<BoundOutput>& outputs,
                                                      const Scope& scope,
                                                      Diagnostics& diagnostics) {
  const bool only = request.name.empty() || request.name == "out";
  if (only && !recipe.has_named_outputs()) return std::vector<OutputMatch>{{0, {}}};
  const auto declared =
      std::find_if(recipe.outputs.begin(), recipe.outputs.end(),
                   [&](const OutputDecl& output) { return output.name == request.name; });
  if (!recipe.has_named_outputs() || declared == recipe.outputs.end()) {
    diagnostics.add(unknown_output(request, recipe));
    return std::nullopt;
  }
  if (declared->is_list() != static_cast<bool>(request.index)) {
    diagnostics.add(list_or_not(request, *declared));
    return std::nullopt;
  }
  std::optional<ResolvedPattern> index;
  if (request.index) {
    index = resolve(*request.index, scope, diagnostics);
    if (!index) return std::nullopt;
  }
  std::vector<OutputMatch> found;
  std::size_t entries = 0;
  for (std::uint32_t k = 0; k < outputs.size(); ++k) {
    if (outputs[k].declaration != &*declared) continue;
    ++entries;
    Captures captures;
    if (!index || matches_index(outputs[k].name, *index, captures))
      found.push_back({k, std::move(captures)});
  }
  if (!found.empty()) return found;
  diagnostics.add(
      error("E215", fmt::format("'{}' has no entry {}", declared->name,
                                escape_for_terminal(
                                    index ? index->exact().value_or(request.index->text) : "")))
          .at(request.index ? request.index->span : request.span)
          .also(declared->span, entries == 0 ? std::string("is empty here")
                                             : fmt::format("has {}, numbered from 0", entries)));
  return std::nullopt;
}

bool matches_index(const std::string& name, const ResolvedPattern& index, Captures& captures) {
  const std::size_t open = name.find('[');
  const std::string number = name.substr(open + 1, name.size() - open - 2);
  if (const auto exact = index.exact()) return *exact == number;
  if (index.segments.size() != 1 || index.segments[0].size() != 1) return false;
  captures.emplace_back(index.segments[0][0].text, number);
  return true;
}

std::string full_name(const BoundRecipe& bound, const ResultName& result) {
  const std::string& output = bound.outputs[result.output].name;
  return output.empty() ? result.name : output + ":" + result.name;
}

}  // namespace inarch
