#include "compiler/mergekit/tensors.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/support/text.h"

namespace inarch {

namespace {

std::string shape_text(const Shape& shape) {
  std::string text = "[";
  for (const std::int64_t size : shape)
    text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  return text + "]";
}

constexpr std::string_view vocabulary_hint =
    "tokenizer_source: union gives all models the tokens of all, base those of the base; a recipe "
    "with 'resize' makes the sizes equal where the tokens are the same";

std::string family(const MergekitView& view) {
  const Value* type = view.config.find("model_type");
  return type && type->if_text() ? *type->if_text() : "";
}

}  // namespace

bool MergeTensors::is_dropped(const MergekitView& view, const std::string& tensor) const {
  if (is_head(tensor) && donor_.ties_embeddings()) return true;
  if (view.legacy.count(tensor) != 0) return true;
  const auto split = split_layer_name(tensor);
  if (!split) return false;
  const auto stack = find_stack(view, split->stack);
  return stack && split->layer >= stack->count;
}

const LayerStack* MergeTensors::find_stack(const MergekitView& view,
                                           std::string_view prefix) const {
  auto known = stacks_.find(&view);
  if (known == stacks_.end()) known = stacks_.emplace(&view, find_layer_stacks(view)).first;
  for (const LayerStack& stack : known->second) {
    if (stack.prefix == prefix) return &stack;
  }
  return nullptr;
}

bool MergeTensors::layers_are_cut(const MergekitView& view) const {
  return std::any_of(view.tensors.begin(), view.tensors.end(), [&](const auto& tensor) {
    const auto split = split_layer_name(tensor.first);
    const LayerStack* stack = split ? find_stack(view, split->stack) : nullptr;
    return stack && split->layer >= stack->count;
  });
}

bool MergeTensors::lacks_head(const PlannedModule& module, const MergekitView& first) const {
  if (donor_.ties_embeddings()) return false;
  return std::any_of(donor_.tensors.begin(), donor_.tensors.end(), [&](const auto& tensor) {
    return is_head(tensor.first) && is_of_module(tensor.first, module.name) &&
           !first.shape_of(tensor.first);
  });
}

std::optional<std::string> MergeTensors::name_in(const SliceInput& input,
                                                 const std::string& tensor) {
  if (input.view->shape_of(tensor)) return tensor;
  if (is_head(tensor)) {
    for (const auto& [name, shape] : input.view->tensors) {
      if (is_embedding(name)) return name;
    }
  }
  const Span place = input.written->model.span;
  if (missing_.insert(input.view).second) {
    diagnostics_.add(error("E566", fmt::format("'{}' has no tensor '{}'", input.view->name,
                                               escape_for_terminal(tensor)))
                         .at(place)
                         .note("mergekit leaves out what is optional, and else fails in the "
                               "middle of the merge"));
  }
  return std::nullopt;
}

bool MergeTensors::same_shapes(const PlannedSlice& slice, const std::vector<std::string>& names,
                               bool rows) {
  const Shape& first = *slice.inputs.front().view->shape_of(names.front());
  for (std::size_t k = 1; k < names.size(); ++k) {
    const SliceInput& input = slice.inputs[k];
    const Shape& shape = *input.view->shape_of(names[k]);
    const std::size_t from = rows ? 0 : 1;
    if (shape.size() == first.size() && shape.size() >= from &&
        std::equal(shape.begin() + static_cast<std::ptrdiff_t>(from), shape.end(),
                   first.begin() + static_cast<std::ptrdiff_t>(from)))
      continue;
    if (mismatched_.insert(input.view).second) report_shapes(slice, names, k);
    return false;
  }
  return true;
}

bool MergeTensors::check_rows(const SliceInput& input, const std::string& tensor) {
  const Shape& shape = *input.view->shape_of(tensor);
  const Shape* wanted = donor_.shape_of(tensor);
  if (!wanted || wanted->empty() || shape.empty() || wanted->front() == shape.front()) return true;
  diagnostics_.add(error("E568", fmt::format("the vocabularies differ: '{}' is {} in '{}' and {} "
                                             "in '{}', whose config the result has",
                                             escape_for_terminal(tensor), shape_text(shape),
                                             input.view->name, shape_text(*wanted), donor_.name))
                       .at(input.written->model.span, shape_text(shape))
                       .note("mergekit writes a model that does not load")
                       .hint(std::string(vocabulary_hint)));
  return false;
}

void MergeTensors::report_shapes(const PlannedSlice& slice, const std::vector<std::string>& names,
                                 std::size_t which) {
  const SliceInput& first = slice.inputs.front();
  const SliceInput& input = slice.inputs[which];
  const std::string name = escape_for_terminal(names[which]);
  const bool vocabulary = is_embedding(names[which]) || is_head(names[which]);
  const std::string shape = shape_text(*input.view->shape_of(names[which]));
  const std::string other = shape_text(*first.view->shape_of(names.front()));
  diagnostics_.add(
      error(vocabulary ? "E568" : "E567",
            vocabulary ? fmt::format("the vocabularies differ: '{}' is {} in '{}' and {} in '{}'",
                                     name, shape, input.view->name, other, first.view->name)
                       : fmt::format("'{}' is {} in '{}' and {} in '{}'", name, shape,
                                     input.view->name, other, first.view->name))
          .at(input.written->model.span, shape)
          .also(first.written->model.span, other)
          .note(vocabulary ? "mergekit takes the rows that both have, or fails, by the method; "
                             "the config keeps the base's size"
                           : "mergekit fails, or leaves this model out here and says so in its "
                             "log, by the method")
          .hint(vocabulary ? std::string(vocabulary_hint) : ""));
}

void MergeTensors::check_family(const SliceInput& input) {
  const bool same = family(*input.view) == family(donor_);
  if (same || !foreign_.insert(input.view).second) return;
  diagnostics_.add(error("E577", fmt::format("'{}' is a {}, and '{}' is a {}", input.view->name,
                                             escape_for_terminal(family(*input.view)), donor_.name,
                                             escape_for_terminal(family(donor_))))
                       .at(input.written->model.span)
                       .note("mergekit refuses this too, unless it is told --allow-crimes"));
}

void MergeTensors::check_families(const std::vector<PlannedModule>& modules) {
  for (const PlannedModule& module : modules) {
    for (const SliceInput& input : module.first.inputs) check_family(input);
    for (const PlannedStack& stack : module.stacks) {
      for (const PlannedSlice& slice : stack.slices) {
        for (const SliceInput& input : slice.inputs) check_family(input);
      }
    }
  }
}

bool MergeTensors::check_name(const PlannedModule& module) {
  if (module.name.empty() || is_module_name(module.name)) return true;
  const std::vector<std::string> names = module_names();
  const std::string near = nearest(module.name, names);
  diagnostics_.add(
      error("E570", fmt::format("there is no module '{}'", escape_for_terminal(module.name)))
          .at(module.span)
          .note(fmt::format("modules: {}", join_names(names, 20)))
          .hint(near.empty() ? "" : fmt::format("did you mean '{}'?", near)));
  return false;
}

void MergeTensors::check_covered(const std::vector<PlannedModule>& modules) {
  for (const auto& [name, shape] : donor_.tensors) {
    if (is_dropped(donor_, name)) continue;
    const bool named =
        std::any_of(modules.begin(), modules.end(),
                    [&, tensor = std::string_view(name)](const PlannedModule& module) {
                      return is_of_module(tensor, module.name);
                    });
    if (named) continue;
    diagnostics_.add(error("E570", fmt::format("no module has '{}'", escape_for_terminal(name)))
                         .at(modules.back().span)
                         .note("mergekit leaves out modules that are not named, and says nothing")
                         .hint("name every module of the model"));
    return;
  }
}

}  // namespace inarch
