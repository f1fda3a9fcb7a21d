#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "compiler/core/json.h"
#include "compiler/recipe/match_outputs.h"
#include "compiler/support/text.h"
#include "runtime/cli/exit_code.h"
#include "runtime/cli/model_argument.h"
#include "runtime/cli/why_report.h"

namespace inarch {

namespace {

/// A tensor that an instance makes, under a name by which somebody may ask for it.
struct MadeTensor {
  std::string name;
  const RuleInstance* made_by = nullptr;
  std::size_t result = 0;
};

std::vector<MadeTensor> made_tensors(const RecipeGraph& recipe) {
  std::vector<MadeTensor> made;
  for (const RuleInstance& instance : recipe.bound.instances) {
    if (instance.rule->is_definition) continue;
    for (std::size_t k = 0; k < instance.to.size(); ++k)
      made.push_back({full_name(recipe.bound, instance.to[k]), &instance, k});
  }
  return made;
}

/// Adds the names that encoded outputs have in the file beside their own.
void add_stored_parts(const RecipeGraph& recipe, std::vector<MadeTensor>& made) {
  std::map<std::string, MadeTensor> owners;
  for (const MadeTensor& tensor : made) owners.emplace(tensor.name, tensor);
  for (const Output& output : recipe.graph.outputs) {
    if (output.storage < 0) continue;
    const Storage& storage = recipe.graph.storages[static_cast<std::size_t>(output.storage)];
    const auto owner = owners.find(full_name(recipe.bound, {output.checkpoint, output.name}));
    if (owner == owners.end() || !output.name.ends_with(storage.ending)) continue;
    const std::string stem = owner->first.substr(0, owner->first.size() - storage.ending.size());
    for (const Storage::Part& part : storage.parts) {
      if (owners.count(stem + part.ending) == 0)
        made.push_back({stem + part.ending, owner->second.made_by, owner->second.result});
    }
  }
}

/// Those whose name, or whose name within its output, fits the pattern.
std::optional<std::vector<std::size_t>> select(const RecipeGraph& recipe,
                                               const std::vector<MadeTensor>& made,
                                               const std::string& pattern,
                                               Diagnostics& diagnostics) {
  std::vector<std::string> names;
  for (const MadeTensor& tensor : made) names.push_back(tensor.name);
  if (recipe.bound.recipe->has_named_outputs()) {
    std::vector<std::string> bare;
    for (const MadeTensor& tensor : made) bare.push_back(tensor.made_by->to[tensor.result].name);
    Diagnostics ignored;
    if (auto found = select_tensors(bare, pattern, ignored)) return found;
  }
  return select_tensors(names, pattern, diagnostics);
}

/// Definitions that a tensor reads, and that they read in turn, nearest first.
std::vector<Provenance> definitions_of(const RecipeGraph& recipe, const Provenance& tensor,
                                       Diagnostics& diagnostics) {
  std::vector<Provenance> found;
  std::vector<std::string> pending = tensor.definitions;
  std::set<std::string> seen(pending.begin(), pending.end());
  for (std::size_t at = 0; at < pending.size(); ++at) {
    for (const RuleInstance& instance : recipe.bound.instances) {
      for (std::size_t k = 0; instance.rule->is_definition && k < instance.to.size(); ++k) {
        if (instance.to[k].name != pending[at]) continue;
        auto provenance =
            find_provenance(recipe.bound, recipe.targets, recipe.graph, instance, k, diagnostics);
        if (!provenance) return found;
        for (const std::string& read : provenance->definitions) {
          if (seen.insert(read).second) pending.push_back(read);
        }
        found.push_back(std::move(*provenance));
      }
    }
  }
  return found;
}

std::optional<WhyReport> report_on(const RecipeGraph& recipe, const MadeTensor& asked,
                                   Diagnostics& diagnostics) {
  const RuleInstance& made_by = *asked.made_by;
  auto tensor = find_provenance(recipe.bound, recipe.targets, recipe.graph, made_by, asked.result,
                                diagnostics);
  if (!tensor) return std::nullopt;
  WhyReport report{std::move(*tensor), {}, {}, {}, {}};
  report.definitions = definitions_of(recipe, report.tensor, diagnostics);
  if (report.tensor.output)
    report.ranges = source_ranges(recipe.bound, recipe.graph, report.tensor.output->node);
  const ResultName& to = made_by.to[asked.result];
  report.unused = unused_rules(recipe.bound, to.output, to.name, made_by.rule);
  return report;
}

/// Adds to "no tensor has that name" the rules that would make one.
Diagnostics with_unused_rules(const RecipeGraph& recipe, const std::string& name,
                              const Diagnostics& found) {
  Diagnostics all;
  for (Diagnostic fault : found.list()) {
    if (fault.help.starts_with("inarch inspect")) fault.help.clear();  // there is no MODEL yet
    for (std::size_t k = 0; k < recipe.bound.outputs.size(); ++k) {
      const std::string& prefix = recipe.bound.outputs[k].name;
      const bool qualified = !prefix.empty() && name.starts_with(prefix + ":");
      const std::string bare = qualified ? name.substr(prefix.size() + 1) : name;
      for (const UnusedRule& unused :
           unused_rules(recipe.bound, static_cast<std::uint32_t>(k), bare, nullptr))
        fault.notes.push_back("a rule would make it: " + unused_text(recipe.texts, unused));
    }
    all.add(std::move(fault));
  }
  return all;
}

/// The selected tensors by the rules that make them; each by itself for a program.
std::vector<std::vector<std::size_t>> by_rule(const std::vector<MadeTensor>& made,
                                              const std::vector<std::size_t>& selected,
                                              bool alone) {
  std::vector<std::vector<std::size_t>> groups;
  for (const std::size_t k : selected) {
    const auto known = std::find_if(groups.begin(), groups.end(), [&](const auto& group) {
      return made[group.front()].made_by->rule == made[k].made_by->rule;
    });
    if (known == groups.end() || alone) {
      groups.push_back({k});
    } else {
      known->push_back(k);
    }
  }
  return groups;
}

/// Explains what a name or a pattern stands for, and gives the exit code.
int explain(const RecipeGraph& recipe, const std::vector<MadeTensor>& made,
            const std::string& pattern, bool first, Console& console) {
  Diagnostics diagnostics;
  const auto selected = select(recipe, made, pattern, diagnostics);
  if (!selected) diagnostics = with_unused_rules(recipe, pattern, diagnostics);
  const auto groups = by_rule(made, selected.value_or(std::vector<std::size_t>{}), console.json());
  for (const std::vector<std::size_t>& tensors : groups) {
    auto report = report_on(recipe, made[tensors.front()], diagnostics);
    if (!report) break;
    for (std::size_t k = 1; k < tensors.size(); ++k) report->alike.push_back(made[tensors[k]].name);
    if (console.json()) {
      console.write(write_json(why_json(recipe, *report), JsonStyle::compact) + "\n");
    } else {
      console.write((first ? "" : "\n") + why_text(recipe, *report, console));
    }
    first = false;
  }
  console.report(diagnostics, recipe.texts);
  return exit_code_for(diagnostics);
}

}  // namespace

int command_why(const Arguments& arguments, Console& console) {
  const auto recipe = arguments.value("recipe");
  if (arguments.positional.empty() || !recipe) {
    return usage_error(
        console,
        recipe ? "why needs a tensor of the recipe's output" : "why needs a recipe: -f RECIPE",
        "inarch why model.norm.weight -f recipe.yaml");
  }
  int explained = exit_done;
  const int code = look_at_recipe(*recipe, arguments, console, [&](const RecipeGraph& graph) {
    std::vector<MadeTensor> made = made_tensors(graph);
    add_stored_parts(graph, made);
    for (const std::string& pattern : arguments.positional) {
      const bool first = &pattern == &arguments.positional.front();
      explained = std::max(explained, explain(graph, made, pattern, first, console));
    }
  });
  return std::max(code, explained);
}

}  // namespace inarch
