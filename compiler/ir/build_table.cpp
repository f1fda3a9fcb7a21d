#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "compiler/ir/tensor_builder.h"
#include "compiler/support/sizes.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

constexpr std::size_t most_values = 65536;

/// The lengths of the lists, by depth; those of others are held against it.
Shape nesting(const Value& value) {
  Shape shape;
  const Value* item = &value;
  for (const Value::List* list = item->if_list(); list != nullptr; list = item->if_list()) {
    shape.push_back(static_cast<std::int64_t>(list->size()));
    if (list->empty() || shape.size() > 8) break;
    item = &list->front();
  }
  return shape;
}

/// The numbers in order. False where lists of one depth differ in length, something is no number,
/// or there is too much.
bool unroll(const Value& value, std::size_t depth, const Shape& shape,
            std::vector<double>& numbers) {
  if (depth == shape.size()) {
    if (!value.is_number() || !std::isfinite(value.as_real())) return false;
    numbers.push_back(value.as_real());
    return numbers.size() <= most_values;
  }
  const Value::List* list = value.if_list();
  if (list == nullptr || list->empty() || static_cast<std::int64_t>(list->size()) != shape[depth])
    return false;
  return std::all_of(list->begin(), list->end(),
                     [&](const Value& item) { return unroll(item, depth + 1, shape, numbers); });
}

}  // namespace

/// Fills side by side: runs of one value are one of them.
std::optional<Typed> TensorBuilder::table(const TensorExpr& call, const CallArguments& arguments) {
  const Value* given = arguments.value("values");
  const Shape shape = given != nullptr ? nesting(*given) : Shape();
  std::vector<double> numbers;
  if (shape.empty() || !unroll(*given, 0, shape, numbers)) {
    fault(call, "E304",
          fmt::format("'values' are numbers in lists of equal length, at most {} of them",
                      format_count(most_values)),
          arguments.span("values"), "table: [[0, 1], [2, 3]]");
    return std::nullopt;
  }
  ConcatOp op;
  std::vector<NodeId> inputs;
  TensorType type = make_type(DType::f32, shape);
  type.chosen = false;
  for (std::size_t k = 0; k < numbers.size();) {
    std::size_t end = k + 1;
    while (end < numbers.size() && numbers[end] == numbers[k]) ++end;
    TensorType run = make_type(DType::f32, {static_cast<std::int64_t>(end - k)});
    run.chosen = false;
    inputs.push_back(add(FillOp{numbers[k]}, {}, std::move(run), call.span).node);
    op.blocks.push_back(static_cast<std::int64_t>(end - k));
    k = end;
  }
  if (inputs.size() == 1) return Typed{inputs.front(), std::move(type)};
  return add(std::move(op), std::move(inputs), std::move(type), call.span);
}

}  // namespace inarch
