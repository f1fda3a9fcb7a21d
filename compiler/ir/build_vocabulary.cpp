// Embeddings and heads in the recipe's vocabulary: their rows, selected, averaged and padded.

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "compiler/ir/linear_weights.h"
#include "compiler/ir/tensor_builder.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

using Kind = RowOrigin::Kind;

/// 0, 1, … size - 1.
bool counts_up(const std::vector<std::int64_t>& indices, std::int64_t size) {
  for (std::size_t k = 0; k < indices.size(); ++k) {
    if (indices[k] != static_cast<std::int64_t>(k)) return false;
  }
  return static_cast<std::int64_t>(indices.size()) == size;
}

/// Rows of several sources by place: `rows[s]` of the source s.
struct OwnerGroup {
  std::vector<std::size_t> tokens;  // indices into the origins
  std::map<std::size_t, std::vector<std::int64_t>> rows;
};

/// The rows that are averages, by who has them.
std::map<std::vector<std::size_t>, OwnerGroup> group_averages(
    const std::vector<RowOrigin>& origins) {
  std::map<std::vector<std::size_t>, OwnerGroup> groups;
  for (std::size_t k = 0; k < origins.size(); ++k) {
    if (origins[k].kind != Kind::average) continue;
    std::vector<std::size_t> owners;
    for (const auto& [source, row] : origins[k].owners) owners.push_back(source);
    OwnerGroup& group = groups[std::move(owners)];
    group.tokens.push_back(k);
    for (const auto& [source, row] : origins[k].owners) group.rows[source].push_back(row);
  }
  return groups;
}

}  // namespace

std::optional<std::size_t> TensorBuilder::vocabulary_source(const TensorExpr& call,
                                                            const CallArguments& arguments,
                                                            const std::vector<Typed>& xs) {
  const auto& vocabulary = context_.bound->vocabulary;
  const auto name = arguments.text("source", "");
  if (!name) return std::nullopt;
  if (!vocabulary) {
    fault(call, "E546", "the recipe has no 'vocabulary' to bring rows to", call.transform_span,
          "vocabulary: { from: union, sources: [ … ] }");
    return std::nullopt;
  }
  std::vector<std::string> names;
  for (const std::uint32_t source : vocabulary->sources)
    names.push_back(context_.bound->sources[source].name);
  const auto found = std::find(names.begin(), names.end(), *name);
  if (found == names.end()) {
    const std::string near = nearest(*name, names);
    fault(call, "E546",
          fmt::format("'{}' is none of the vocabulary's sources, which are {}",
                      escape_for_terminal(*name), join_names(names)),
          arguments.span("source"), near.empty() ? "" : fmt::format("did you mean '{}'?", near));
    return std::nullopt;
  }
  if (xs.size() != names.size()) {
    fault(call, "E546",
          fmt::format("'to_vocabulary' takes an operand for each of the vocabulary's sources, {}, "
                      "here {} {}",
                      join_names(names), xs.size() == 1 ? "is" : "are", xs.size()),
          call.transform_span);
    return std::nullopt;
  }
  return static_cast<std::size_t>(found - names.begin());
}

bool TensorBuilder::report_rowless(const TensorExpr& call,
                                   const std::vector<RowlessToken>& rowless) {
  if (rowless.empty()) return false;
  const VocabularyLayout& layout = context_.bound->vocabulary->layout;
  std::vector<std::string> texts;
  for (const RowlessToken& token : rowless)
    texts.push_back(fmt::format("'{}'", escape_for_terminal(layout.texts[token.token], 60)));
  const std::string first = escape_for_terminal(layout.texts[rowless.front().token], 60);
  fault(
      call, "E545",
      rowless.front().instructed
          ? fmt::format("the row that 'tokens' gives to '{}' is beyond those of its source", first)
          : fmt::format("no operand has a row for {}", join_names(texts, 4)),
      call.transform_span,
      fmt::format("vocabulary: tokens: {{ \"{}\": mean }} gives it one", first));
  return true;
}

const TensorInfo* TensorBuilder::vocabulary_weight(const Typed& x, std::uint32_t& source) const {
  const auto* stored = std::get_if<SourceTensor>(&(*context_.graph)[x.node].data);
  if (!stored) stored = context_.graph->encoded_value(x.node);
  if (!stored || x.type.dims.size() != 2) return nullptr;
  source = stored->source;
  const TensorInfo& info = context_.bound->sources[source].checkpoint->tensors[stored->tensor];
  return is_vocabulary_weight(info.name) ? &info : nullptr;
}

std::string TensorBuilder::vocabulary_hint(const std::vector<Typed>& xs) const {
  std::int64_t most = 0;
  for (const Typed& x : xs) {
    std::uint32_t source = 0;
    if (!vocabulary_weight(x, source) || x.type.shape()[1] != xs[0].type.shape()[1]) return "";
    most = std::max(most, x.type.shape()[0]);
  }
  return fmt::format(
      "their vocabularies differ. 'vocabulary: {{ from: union }}' and to_vocabulary unite them; "
      "'from: SOURCE' takes that one's for all; resize: {{ rows: {}, fill: mean }} makes the sizes "
      "equal where the tokens are the same",
      most);
}

bool TensorBuilder::same_vocabularies(const TensorExpr& call, const std::vector<Typed>& xs) {
  const auto& differences = context_.bound->vocabulary_differences;
  if (differences.empty()) return true;
  std::vector<std::uint32_t> sources;
  for (const Typed& x : xs) {
    std::uint32_t source = 0;
    if (!vocabulary_weight(x, source)) continue;
    for (const std::uint32_t other : sources) {
      const auto found = differences.find(std::minmax(source, other));
      if (found == differences.end()) continue;
      fault(call, "E550", found->second, call.transform_span,
            "'vocabulary: { from: union }' and to_vocabulary unite them; 'from: SOURCE' takes that "
            "one's for all; and under 'vocabulary' rows are summed as they are where "
            "to_vocabulary is left out");
      return false;
    }
    sources.push_back(source);
  }
  return true;
}

std::optional<std::vector<AxisPosition>> TensorBuilder::row_axes(const TensorExpr& call,
                                                                 const std::vector<Typed>& xs) {
  std::vector<AxisPosition> axes;
  const auto row = [&](std::size_t k) { return with_axis_size(xs[k].type, axes[k], 1).shape(); };
  for (std::size_t k = 0; k < xs.size(); ++k) {
    const auto at = axis(xs[k], "0", call.transform_span);
    if (!at) return std::nullopt;
    axes.push_back(*at);
    if (row(k) == row(0)) continue;
    fault(call, "E305",
          fmt::format("rows of one vocabulary are of one length, and not of {} and {}",
                      format_shape(xs[0].type.shape()), format_shape(xs[k].type.shape())),
          call.transform_span);
    return std::nullopt;
  }
  return axes;
}

Typed TensorBuilder::token_rows(const TensorExpr& call, const std::vector<Typed>& xs,
                                const std::vector<AxisPosition>& axes,
                                const std::vector<RowOrigin>& origins) {
  std::vector<Typed> parts;
  std::int64_t size = 0;
  const auto put = [&](Typed part, std::int64_t rows) {
    parts.push_back(std::move(part));
    return std::exchange(size, size + rows);
  };
  std::vector<std::int64_t> places(origins.size(), -1);  // in what the parts make, joined
  for (std::size_t s = 0; s < xs.size(); ++s) {
    const bool used = std::any_of(origins.begin(), origins.end(), [&](const RowOrigin& origin) {
      return origin.kind == Kind::copy && origin.source == s;
    });
    if (!used) continue;
    const std::int64_t begin = put(xs[s], axes[s].size);
    for (std::size_t k = 0; k < origins.size(); ++k) {
      if (origins[k].kind == Kind::copy && origins[k].source == s)
        places[k] = begin + origins[k].row;
    }
  }
  for (const auto& [owners, group] : group_averages(origins)) {
    std::vector<NodeId> taken;
    for (const auto& [source, rows] : group.rows)
      taken.push_back(take(xs[source], axes[source], rows, call.span).node);
    const auto rows = static_cast<std::int64_t>(group.tokens.size());
    const std::vector<double> weights(taken.size(), 1.0 / static_cast<double>(taken.size()));
    std::int64_t at = put(add(LinearOp{weights, 0}, std::move(taken),
                              with_axis_size(xs[0].type, axes[0], rows), call.span),
                          rows);
    for (const std::size_t token : group.tokens) places[token] = at++;
  }
  std::int64_t zero = -1;
  for (std::size_t k = 0; k < origins.size(); ++k) {
    if (origins[k].kind != Kind::zero) continue;
    if (zero < 0)
      zero = put(add(FillOp{0}, {}, with_axis_size(xs[0].type, axes[0], 1), call.span), 1);
    places[k] = zero;
  }
  places.erase(std::remove(places.begin(), places.end(), -1), places.end());
  const Typed all = joined(parts, axes[0], call.span);
  AxisPosition at = axes[0];
  at.size = size;
  return counts_up(places, size) ? all : take(all, at, places, call.span);
}

Typed TensorBuilder::with_mean_rows(const TensorExpr& call, const Typed& rows, AxisPosition at,
                                    const std::vector<RowOrigin>& origins) {
  at.size = rows.type.dims[at.dim].axes[at.axis].size;
  const Typed mean = add(ReduceOp{Reduction::mean, 1, at.size, at.inner}, {rows.node},
                         with_axis_size(rows.type, at, 1), call.span);
  std::vector<std::int64_t> places;
  std::int64_t next = 0;
  for (const RowOrigin& origin : origins)
    places.push_back(origin.kind == Kind::mean ? at.size : next++);
  std::vector<std::int64_t> first(places.begin(), places.begin() + at.size);
  if (counts_up(first, at.size)) {
    const auto count = static_cast<std::int64_t>(origins.size()) - at.size;
    const Typed padding = add(ViewOp{0, {{count, 0}, {at.inner, 1}}}, {mean.node},
                              with_axis_size(rows.type, at, count), call.span);
    return joined({rows, padding}, at, call.span);
  }
  const Typed both = joined({rows, mean}, at, call.span);
  at.size += 1;
  return take(both, at, places, call.span);
}

std::optional<Typed> TensorBuilder::to_vocabulary(const TensorExpr& call,
                                                  const CallArguments& arguments,
                                                  const std::vector<Typed>& xs) {
  const auto of = vocabulary_source(call, arguments, xs);
  const auto axes = of ? row_axes(call, xs) : std::nullopt;
  if (!axes) return std::nullopt;
  std::vector<std::int64_t> sizes;
  for (const AxisPosition& at : *axes) sizes.push_back(at.size);
  std::vector<RowlessToken> rowless;
  const auto origins = plan_rows(context_.bound->vocabulary->layout, *of, sizes, rowless);
  if (report_rowless(call, rowless)) return std::nullopt;
  const auto is = [&](Kind kind) {
    return std::any_of(origins.begin(), origins.end(),
                       [kind](const RowOrigin& origin) { return origin.kind == kind; });
  };
  if (!is(Kind::copy) && !is(Kind::average) && !is(Kind::zero)) {
    fault(call, "E545", "every row is the mean of the others", call.transform_span);
    return std::nullopt;
  }
  for (const Typed& x : xs) {
    if ((is(Kind::mean) || is(Kind::average)) && !computable(x, call)) return std::nullopt;
  }
  const auto type = joint_type(call, xs);
  if (!type) return std::nullopt;
  std::vector<Typed> inputs = xs;
  inputs.front().type.dtype = type->dtype;
  Typed result = token_rows(call, inputs, *axes, origins);
  if (is(Kind::mean)) result = with_mean_rows(call, result, axes->front(), origins);
  result.type.dtype = type->dtype;
  result.type.chosen = type->chosen;
  return result;
}

}  // namespace inarch
