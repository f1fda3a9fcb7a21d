#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "compiler/ir/tensor_builder.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

/// Dimensions of a view over [outer, axis, inner] in which the axis is replaced by `middle`.
ViewOp around_axis(const AxisPosition& at, std::vector<ViewDim> middle, std::int64_t offset) {
  ViewOp op;
  op.offset = offset;
  op.dims.push_back({at.outer, at.size * at.inner});
  op.dims.insert(op.dims.end(), middle.begin(), middle.end());
  op.dims.push_back({at.inner, 1});
  return op;
}

/// The step of an arithmetic progression, or 0 when the indices are none.
std::int64_t common_step(const std::vector<std::int64_t>& indices) {
  if (indices.size() < 2) return 1;
  const std::int64_t step = indices[1] - indices[0];
  for (std::size_t k = 2; k < indices.size(); ++k) {
    if (indices[k] - indices[k - 1] != step) return 0;
  }
  return step;
}

/// Where `size` entries of an axis of `total` start, for at: start, center or end.
std::int64_t anchor(const std::string& at, std::int64_t total, std::int64_t size) {
  if (at == "end") return total - size;
  return at == "center" ? (total - size) / 2 : 0;
}

std::vector<std::int64_t> range(std::int64_t begin, std::int64_t count) {
  std::vector<std::int64_t> indices(static_cast<std::size_t>(count));
  std::iota(indices.begin(), indices.end(), begin);
  return indices;
}

}  // namespace

Typed TensorBuilder::take(const Typed& x, const AxisPosition& at,
                          const std::vector<std::int64_t>& indices, Span origin) {
  TensorType type = with_axis_size(x.type, at, static_cast<std::int64_t>(indices.size()));
  const std::int64_t step = common_step(indices);
  if (step != 0 && !indices.empty()) {
    const auto count = static_cast<std::int64_t>(indices.size());
    return add(around_axis(at, {{count, step * at.inner}}, indices[0] * at.inner), {x.node},
               std::move(type), origin);
  }
  return add(TakeOp{at.outer, at.size, at.inner, indices}, {x.node}, std::move(type), origin);
}

Typed TensorBuilder::joined(const std::vector<Typed>& parts, const AxisPosition& at, Span origin) {
  ConcatOp op;
  op.outer = at.outer;
  std::vector<NodeId> inputs;
  std::int64_t size = 0;
  for (const Typed& part : parts) {
    const std::int64_t block = part.type.dims[at.dim].axes[at.axis].size;
    if (block == 0) continue;
    op.blocks.push_back(block * at.inner);
    inputs.push_back(part.node);
    size += block;
  }
  if (inputs.size() == 1) {
    const auto& only = *std::find_if(parts.begin(), parts.end(),
                                     [&](const Typed& p) { return p.node == inputs[0]; });
    return only;
  }
  return add(std::move(op), std::move(inputs), with_axis_size(parts.front().type, at, size),
             origin);
}

std::optional<Typed> TensorBuilder::tile(const TensorExpr& call, const CallArguments& arguments,
                                         Typed x, bool whole) {
  for (const auto& entry : arguments.axes()) {
    const auto at = axis(x, entry.name, entry.name_span);
    const auto count = arguments.integer(entry);
    if (!at || !count) return std::nullopt;
    if (*count < 1 || !checked_numel({x.type.elements(), *count})) {
      fault(call, "E303", fmt::format("'{}' cannot come {} times", entry.name, *count), entry.span);
      return std::nullopt;
    }
    if (*count == 1) continue;
    std::vector<ViewDim> middle = {{*count, 0}, {at->size, at->inner}};
    if (!whole) std::swap(middle[0], middle[1]);
    x = add(around_axis(*at, middle, 0), {x.node}, with_axis_size(x.type, *at, at->size * *count),
            call.span);
  }
  return x;
}

std::optional<Typed> TensorBuilder::split_halves(const TensorExpr& call,
                                                 const CallArguments& arguments, const Typed& x) {
  const auto name = arguments.text("axis", "");
  const auto parts = arguments.integer("parts", 2);
  if (!name || !parts || !computable(x, call)) return std::nullopt;
  const auto at = axis(x, *name, arguments.span("axis"));
  if (!at) return std::nullopt;
  if (*parts < 1 || *parts > 1'000'000) {
    fault(call, "E303", fmt::format("a value cannot be split into {} parts", *parts),
          arguments.span("parts"));
    return std::nullopt;
  }
  const Typed tiled = add(around_axis(*at, {{*parts, 0}, {at->size, at->inner}}, 0), {x.node},
                          with_axis_size(x.type, *at, at->size * *parts), call.span);
  return affine(tiled, 1.0 / static_cast<double>(*parts), 0, call.span);
}

std::optional<Typed> TensorBuilder::select(const TensorExpr& call, const CallArguments& arguments,
                                           Typed x) {
  for (const auto& entry : arguments.axes()) {
    const auto at = axis(x, entry.name, entry.name_span);
    auto indices = arguments.integers(entry);
    if (!at || !indices) return std::nullopt;
    for (std::int64_t& index : *indices) {
      const std::int64_t written = index;
      if (index < 0) index += at->size;
      if (index >= 0 && index < at->size) continue;
      fault(call, "E303",
            fmt::format("'{}' has entries 0 to {}, not {}", entry.name, at->size - 1, written),
            entry.span);
      return std::nullopt;
    }
    std::vector<std::int64_t> sorted = *indices;
    std::sort(sorted.begin(), sorted.end());
    const bool twice = std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end();
    if (twice && call.transform != Transform::gather) {
      fault(
          call, "E303", fmt::format("an entry of '{}' is named twice", entry.name), entry.span,
          call.transform == Transform::keep ? "gather takes entries in any order and number" : "");
      return std::nullopt;
    }
    if (call.transform == Transform::slice && common_step(*indices) <= 0) {
      fault(call, "E303", fmt::format("'slice' wants a range of '{}', in order", entry.name),
            entry.span, "keep or gather take a list of entries");
      return std::nullopt;
    }
    if (call.transform == Transform::keep) indices = sorted;
    if (call.transform == Transform::drop) {
      std::vector<std::int64_t> kept;
      const std::vector<std::int64_t> all = range(0, at->size);
      std::set_difference(all.begin(), all.end(), sorted.begin(), sorted.end(),
                          std::back_inserter(kept));
      indices = std::move(kept);
    }
    if (static_cast<std::int64_t>(indices->size()) == at->size && *indices == range(0, at->size))
      continue;
    x = take(x, *at, *indices, call.span);
  }
  return x;
}

std::optional<Typed> TensorBuilder::reverse(const TensorExpr& call, const CallArguments& arguments,
                                            const Typed& x) {
  const auto name = arguments.text("axis", "");
  if (!name) return std::nullopt;
  const auto at = axis(x, *name, arguments.span("axis"));
  if (!at) return std::nullopt;
  if (at->size < 2) return x;
  return add(around_axis(*at, {{at->size, -at->inner}}, (at->size - 1) * at->inner), {x.node},
             x.type, call.span);
}

/// pad, crop, fit and resize: each axis is cut or enlarged to a size.
std::optional<Typed> TensorBuilder::resize(const TensorExpr& call, const CallArguments& arguments,
                                           Typed x) {
  const bool to_target = arguments.has("to");
  const auto at_word = call.transform == Transform::resize ? std::optional<std::string>("start")
                                                           : arguments.text("at", "start");
  const auto fill_text = call.transform == Transform::crop ? std::optional<std::string>("0")
                                                           : arguments.text("fill", "0");
  if (!at_word || !fill_text || (to_target && !arguments.text("to", ""))) return std::nullopt;
  const bool mean = *fill_text == "mean" && call.transform == Transform::resize;
  std::optional<double> fill = 0;
  if (!mean && arguments.has("fill")) fill = arguments.number("fill", 0);
  if (!fill) return std::nullopt;

  std::vector<std::pair<AxisPosition, std::int64_t>> sizes;
  if (to_target) {
    if (!context_.target || context_.target->size() != x.type.dims.size()) {
      fault(call, "E309",
            context_.target
                ? fmt::format("the target's shape is {}, the tensor's {}",
                              format_shape(*context_.target), format_shape(x.type.shape()))
                : std::string("there is no target to take a shape from"),
            arguments.span("to"), context_.target ? "" : "fit: { rows: 64 }");
      return std::nullopt;
    }
    for (std::size_t d = 0; d < x.type.dims.size(); ++d) {
      if (x.type.dims[d].size() == (*context_.target)[d]) continue;
      const auto at = axis(x, std::to_string(d), arguments.span("to"));
      if (!at) return std::nullopt;
      sizes.emplace_back(*at, (*context_.target)[d]);
    }
  }
  for (const auto& entry : arguments.axes()) {
    const auto at = axis(x, entry.name, entry.name_span);
    const auto size = arguments.integer(entry);
    if (!at || !size) return std::nullopt;
    const bool wrong_way = (call.transform == Transform::pad && *size < at->size) ||
                           (call.transform == Transform::crop && *size > at->size);
    if (*size < 0 || wrong_way) {
      fault(call, "E307",
            fmt::format("'{}' cannot bring '{}' from {} to {}", spec(call.transform).name,
                        entry.name, at->size, *size),
            entry.span, wrong_way ? "fit crops or pads, whichever is needed" : "");
      return std::nullopt;
    }
    sizes.emplace_back(*at, *size);
  }
  for (const auto& [before, size] : sizes) {
    AxisPosition at = before;  // an earlier axis may have changed what is around this one
    at.outer = at.inner = 1;
    const auto flat = x.type.axis_sizes();
    std::size_t position = before.axis;
    for (std::size_t d = 0; d < before.dim; ++d) position += x.type.dims[d].axes.size();
    at.size = flat[position];
    for (std::size_t k = 0; k < flat.size(); ++k) {
      if (k < position) at.outer *= flat[k];
      if (k > position) at.inner *= flat[k];
    }
    if (size == at.size) continue;
    if (size < at.size) {
      x = take(x, at, range(anchor(*at_word, at.size, size), size), call.span);
      continue;
    }
    if (!checked_numel({x.type.elements() / std::max<std::int64_t>(at.size, 1), size})) {
      fault(call, "E315", "the result is too large", call.transform_span);
      return std::nullopt;
    }
    const std::int64_t front = anchor(*at_word, size, at.size);
    if (!mean && !can_fill(*fill, x, call, arguments)) return std::nullopt;
    const auto filler = [&](std::int64_t count) {
      TensorType type = with_axis_size(x.type, at, count);
      if (!mean) return add(FillOp{*fill}, {}, std::move(type), call.span);
      const Typed row = add(ReduceOp{Reduction::mean, at.outer, at.size, at.inner}, {x.node},
                            with_axis_size(x.type, at, 1), call.span);
      return add(ViewOp{0, {{at.outer, at.inner}, {count, 0}, {at.inner, 1}}}, {row.node},
                 std::move(type), call.span);
    };
    if (mean && at.size == 0) fault(call, "E303", "an empty axis has no mean", call.transform_span);
    if (mean && (at.size == 0 || !computable(x, call))) return std::nullopt;
    std::vector<Typed> parts;
    if (front > 0) parts.push_back(filler(front));
    parts.push_back(x);
    if (size - at.size - front > 0) parts.push_back(filler(size - at.size - front));
    x = joined(parts, at, call.span);
  }
  return x;
}

bool TensorBuilder::can_fill(double value, const Typed& x, const TensorExpr& call,
                             const CallArguments& arguments) {
  if (can_hold(x.type.dtype, value)) return true;
  fault(call, "E306", fmt::format("{} cannot hold {}", name(x.type.dtype), value),
        arguments.has("fill") ? arguments.span("fill") : call.transform_span);
  return false;
}

std::optional<Typed> TensorBuilder::mask(const TensorExpr& call, const CallArguments& arguments,
                                         Typed x) {
  const auto fill = arguments.number("fill", 0);
  if (!fill) return std::nullopt;
  for (const auto& entry : arguments.axes()) {
    const auto at = axis(x, entry.name, entry.name_span);
    const auto indices = arguments.integers(entry);
    if (!at || !indices) return std::nullopt;
    std::vector<bool> masked(static_cast<std::size_t>(at->size), false);
    for (const std::int64_t written : *indices) {
      const std::int64_t index = written < 0 ? written + at->size : written;
      if (index < 0 || index >= at->size) {
        fault(call, "E303",
              fmt::format("'{}' has entries 0 to {}, not {}", entry.name, at->size - 1, written),
              entry.span);
        return std::nullopt;
      }
      masked[static_cast<std::size_t>(index)] = true;
    }
    std::vector<Typed> parts;
    for (std::int64_t begin = 0; begin < at->size;) {
      std::int64_t end = begin;
      const bool blank = masked[static_cast<std::size_t>(begin)];
      while (end < at->size && masked[static_cast<std::size_t>(end)] == blank) ++end;
      if (begin == 0 && end == at->size && !blank) break;
      if (blank) {
        parts.push_back(
            add(FillOp{*fill}, {}, with_axis_size(x.type, *at, end - begin), call.span));
      } else {
        parts.push_back(take(x, *at, range(begin, end - begin), call.span));
      }
      begin = end;
    }
    if (!parts.empty() && !can_fill(*fill, x, call, arguments)) return std::nullopt;
    if (!parts.empty()) x = joined(parts, *at, call.span);
  }
  return x;
}

std::vector<Typed> TensorBuilder::split(const TensorExpr& call, const CallArguments& arguments,
                                        const Typed& x) {
  if (arguments.axes().size() != 1) {
    fault(call, "E312", "'split' cuts one axis", call.transform_span);
    return {};
  }
  const auto& entry = arguments.axes().front();
  const auto at = axis(x, entry.name, entry.name_span);
  const auto sizes = arguments.integers(entry);
  if (!at || !sizes) return {};
  std::int64_t sum = 0;
  for (const std::int64_t size : *sizes)
    sum = size > 0 && sum <= at->size ? sum + std::min(size, at->size + 1) : at->size + 1;
  if (sum != at->size) {
    fault(call, "E312",
          fmt::format("the parts do not add up to {}, the size of '{}'", at->size, entry.name),
          entry.span);
    return {};
  }
  std::vector<Typed> parts;
  std::int64_t begin = 0;
  for (const std::int64_t size : *sizes) {
    parts.push_back(take(x, *at, range(begin, size), call.span));
    begin += size;
  }
  return parts;
}

}  // namespace inarch
