#include "compiler/recipe/missing_tensor.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "compiler/recipe/match_outputs.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

/// Of those that a misspelt name is compared with.
constexpr std::size_t most_candidates = 20'000;

bool is_number(const std::string& segment) {
  return !segment.empty() &&
         std::all_of(segment.begin(), segment.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// The names of a checkpoint with numbers put back to the captures' place, for did-you-mean:
/// model.layers.7.mlp.up_proj.weight → model.layers.{i}.mlp.up_proj.weight
std::string with_holes(std::string_view name, const std::vector<std::string>& captures) {
  std::string out;
  std::size_t used = 0;
  for (std::size_t begin = 0; begin <= name.size();) {
    std::size_t end = name.find('.', begin);
    if (end == std::string_view::npos) end = name.size();
    const std::string segment(name.substr(begin, end - begin));
    if (!out.empty()) out += '.';
    out += is_number(segment) && used < captures.size() ? "{" + captures[used++] + "}" : segment;
    begin = end + 1;
  }
  return out;
}

/// What the source has that fits the pattern for other values of its captures, or "".
std::string others_like_it(const BoundSource& source, const TensorExpr& reference,
                           const ExpandContext& context) {
  if (source.declaration->is_list || !is_resolvable(reference.pattern, *context.bound->globals))
    return {};
  Diagnostics ignored;
  const auto pattern = resolve(reference.pattern, *context.bound->globals, ignored);
  std::vector<std::string> names;
  if (pattern) {
    for (const auto& match : source.names.match(*pattern))
      names.push_back(source.checkpoint->tensors[match.index].name);
  }
  if (names.empty()) return {};
  const auto [least, most] = std::minmax_element(names.begin(), names.end(), natural_less);
  if (names.size() == 1) return fmt::format("has only '{}'", escape_for_terminal(*least, 60));
  return fmt::format("has '{}' to '{}'", escape_for_terminal(*least, 60),
                     escape_for_terminal(*most, 60));
}

std::string describe(const BoundSource& source) {
  const auto& tensors = source.checkpoint->tensors;
  if (tensors.empty()) return "has no tensors";
  return fmt::format("has {} tensors, from '{}' on", tensors.size(),
                     escape_for_terminal(tensors.front().name, 60));
}

std::string suggestion(const TensorExpr& reference, const std::optional<std::string>& exact,
                       const ExpandContext& context) {
  const std::vector<std::string> captures = reference.pattern.captures();
  std::set<std::string> candidates;
  const auto add = [&](const std::string& name) {
    if (candidates.size() < most_candidates)
      candidates.insert(exact ? name : with_holes(name, captures));
  };
  for (const KnownNames* known : names_of(reference, context)) {
    for (const std::string& name : known->names) add(name);
  }
  for (const BoundSource& source : context.bound->sources) {
    if (source.declaration->name != reference.source) continue;
    for (const TensorInfo& tensor : source.checkpoint->tensors) add(tensor.name);
  }
  return nearest(exact ? *exact : reference.pattern.text, {candidates.begin(), candidates.end()});
}

}  // namespace

std::string nearest_tensor(const Checkpoint& checkpoint, const std::string& name) {
  std::vector<std::string> names;
  for (const TensorInfo& tensor : checkpoint.tensors) {
    if (names.size() == most_candidates) break;
    names.push_back(tensor.name);
  }
  return nearest(name, names);
}

std::string wanted_name(const TensorExpr& reference, const ResolvedPattern& pattern) {
  return pattern.exact().value_or(reference.pattern.text);
}

Diagnostic missing_tensor(const TensorExpr& reference, const ResolvedPattern& pattern,
                          const Instance& instance, const ExpandContext& context, bool for_driven) {
  const auto exact = pattern.exact();
  const bool first = instance.references.empty() && !for_driven && !exact;
  const bool of_output = names_output(reference.source, *context.bound->recipe);
  const std::string where =
      reference.source == "out" ? "the output"
      : reference.source == "define"
          ? "'define'"
          : fmt::format("{} '{}'", of_output ? "output" : "source", reference.source);
  std::string message = fmt::format("{} has no tensor '{}'", where,
                                    escape_for_terminal(wanted_name(reference, pattern)));
  if (!instance.bindings.empty()) {
    message += fmt::format(" (with {})", escape_for_terminal(described(instance.bindings)));
  }
  Diagnostic d =
      error(first ? "E203" : "E204", std::move(message)).at(reference.span, "matches nothing");
  for (const BoundSource& source : context.bound->sources) {
    if (source.declaration->name != reference.source) continue;
    const std::string others = others_like_it(source, reference, context);
    d.secondary.push_back({source.declaration->span, others.empty() ? describe(source) : others});
    if (!others.empty()) return d;  // the name is right, and the numbers are not
    break;
  }
  const std::string near = suggestion(reference, exact, context);
  const std::string& text = reference.pattern.text;
  if (text.find('*') != std::string::npos) {
    d.help = "write {i} for a part that varies, {rest...} for several segments";
  } else if (!near.empty()) {
    d.help = fmt::format("did you mean '{}'?", escape_for_terminal(near));
  } else if (text.find('{') != std::string::npos && text.find("...") == std::string::npos) {
    d.help = "{i} takes one segment between dots, {rest...} takes several";
  }
  return d;
}

}  // namespace inarch
