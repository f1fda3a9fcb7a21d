#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "compiler/ir/axis_pattern.h"
#include "compiler/ir/tensor_builder.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

using Sizes = std::map<std::string, std::int64_t>;

/// Splits a dimension into named axes; one size may be left to be worked out. A message on a fault.
std::string split_dim(const std::vector<std::string>& names, std::int64_t total, const Sizes& sizes,
                      Dim& dim) {
  std::int64_t known = 1;
  std::size_t unknown = names.size();
  for (std::size_t k = 0; k < names.size(); ++k) {
    const auto size = sizes.find(names[k]);
    dim.axes.push_back({names[k], size == sizes.end() ? 0 : size->second});
    if (size == sizes.end()) {
      if (unknown != names.size())
        return fmt::format("the sizes of '{}' and '{}' are both unknown, one must be given",
                           names[unknown], names[k]);
      unknown = k;
    } else {
      const auto product = checked_numel({known, size->second});
      if (!product) return "the sizes of its axes are too large";
      known = *product;
    }
  }
  if (unknown < names.size()) {
    if (known == 0 || total % known != 0) {
      return fmt::format("a dimension of {} does not split into '{}': {} does not divide it", total,
                         fmt::join(names, " "), known);
    }
    dim.axes[unknown].size = total / known;
  } else if (known != total) {
    return fmt::format("the axes '{}' take {}, the dimension has {}", fmt::join(names, " "), known,
                       total);
  }
  return {};
}

}  // namespace

std::optional<Typed> TensorBuilder::view(const TensorExpr& call, const CallArguments& arguments,
                                         Typed x) {
  const auto text = arguments.text("pattern", "");
  if (!text) return std::nullopt;
  const Span span = arguments.span("pattern");
  const auto groups = parse_axis_pattern(*text);
  if (!groups.ok()) {
    fault(call, "E310", groups.error().message, span);
    return std::nullopt;
  }
  const Shape shape = x.type.shape();
  if (groups->size() != shape.size()) {
    fault(call, "E302",
          fmt::format("the pattern names {} dimension{}, the tensor has {}: {}", groups->size(),
                      groups->size() == 1 ? "" : "s", shape.size(), format_shape(shape)),
          span);
    return std::nullopt;
  }
  Sizes sizes;
  for (const auto& entry : arguments.axes()) {
    const auto size = arguments.integer(entry);
    if (!size) return std::nullopt;
    const bool known = std::any_of(groups->begin(), groups->end(), [&](const auto& group) {
      return std::find(group.begin(), group.end(), entry.name) != group.end();
    });
    if (!known || *size <= 0) {
      fault(call, "E302",
            known ? fmt::format("'{}' must be positive, not {}", entry.name, *size)
                  : fmt::format("the pattern \"{}\" has no axis '{}'", *text, entry.name),
            entry.name_span);
      return std::nullopt;
    }
    sizes[entry.name] = *size;
  }
  std::vector<Dim> dims;
  for (std::size_t d = 0; d < groups->size(); ++d) {
    Dim dim;
    const std::string problem = split_dim((*groups)[d], shape[d], sizes, dim);
    if (!problem.empty()) {
      fault(call, "E302", problem, span);
      return std::nullopt;
    }
    dims.push_back(std::move(dim));
  }
  x.type.dims = std::move(dims);
  return x;
}

std::optional<Typed> TensorBuilder::permute(const TensorExpr& call, const CallArguments& arguments,
                                            const Typed& x) {
  const auto text = arguments.text("pattern", "");
  if (!text) return std::nullopt;
  const Span span = arguments.span("pattern");
  const auto groups = parse_axis_pattern(*text);
  if (!groups.ok()) {
    fault(call, "E310", groups.error().message, span);
    return std::nullopt;
  }
  ViewOp op;
  TensorType type = x.type;
  type.dims.clear();
  std::vector<std::pair<std::size_t, std::size_t>> used;
  for (const auto& group : *groups) {
    Dim dim;
    for (const std::string& name : group) {
      const auto at = axis(x, name, span);
      if (!at) return std::nullopt;
      if (std::find(used.begin(), used.end(), std::pair(at->dim, at->axis)) != used.end()) {
        fault(call, "E310", fmt::format("'{}' names an axis that the pattern already has", name),
              span);
        return std::nullopt;
      }
      used.emplace_back(at->dim, at->axis);
      op.dims.push_back({at->size, at->inner});
      dim.axes.push_back(x.type.dims[at->dim].axes[at->axis]);
    }
    type.dims.push_back(std::move(dim));
  }
  if (used.size() != x.type.axis_sizes().size()) {
    fault(call, "E310",
          fmt::format("the pattern must name every axis once; they are {}", describe_axes(x.type)),
          span);
    return std::nullopt;
  }
  return add(std::move(op), {x.node}, std::move(type), call.span);
}

std::optional<Typed> TensorBuilder::reshape(const TensorExpr& call, const CallArguments& arguments,
                                            Typed x) {
  const auto sizes = arguments.integers("shape");
  if (!sizes) return std::nullopt;
  Shape shape = *sizes;
  const std::int64_t total = x.type.elements();
  const auto open = std::find(shape.begin(), shape.end(), -1);
  if (open != shape.end()) {
    Shape others(shape.begin(), open);
    others.insert(others.end(), open + 1, shape.end());
    const std::int64_t known = checked_numel(others).value_or(0);
    *open = known > 0 && total % known == 0 ? total / known : -1;
  }
  const auto count = checked_numel(shape);
  if (!count || *count != total) {
    fault(call, "E308",
          fmt::format("{} elements of {} do not make {}", total, format_shape(x.type.shape()),
                      format_shape(*sizes)),
          arguments.span("shape"));
    return std::nullopt;
  }
  x.type.dims = make_type(x.type.dtype, shape).dims;
  return x;
}

}  // namespace inarch
