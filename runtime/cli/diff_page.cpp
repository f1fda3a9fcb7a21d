#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "compiler/core/value.h"
#include "compiler/picture/page.h"
#include "compiler/support/text.h"
#include "runtime/cli/diff_report.h"
#include "runtime/cli/json_text.h"

namespace inarch {

namespace {

/// Four digits, which is more than a page shows; what is infinite is −1, as no distance is.
double few_digits(double value) {
  return std::isfinite(value) ? std::stod(fmt::format("{:.4g}", value)) : -1;
}

/// Types and shapes, each once and by number.
class Kinds {
 public:
  Value number_of(const TensorKind& kind) {
    const auto [place, is_new] =
        numbers_.emplace(fmt::format("{} {}", name(kind.dtype), format_shape(kind.shape)),
                         static_cast<std::int64_t>(numbers_.size()));
    if (is_new) list_.push_back(Value::List{name(kind.dtype), json_shape(kind.shape)});
    return place->second;
  }
  Value take() { return std::move(list_); }

 private:
  std::map<std::string, std::int64_t> numbers_;
  Value::List list_;
};

Value page_side(const DiffSide& side) {
  return Value::Map{
      {"location", page_text(side.location)}, {"tensors", side.tensors}, {"bytes", side.bytes}};
}

/// How many characters two names begin with alike, as far as these are ASCII, so that a page counts
/// the same.
std::size_t alike(std::string_view a, std::string_view b) {
  std::size_t k = 0;
  while (k < std::min(a.size(), b.size()) && a[k] == b[k] && static_cast<signed char>(a[k]) >= 0)
    ++k;
  return k;
}

/// Names in their order, each without what it has in common with the one before.
class FrontCoded {
 public:
  /// [characters in common, the rest]
  Value next(const std::string& name) {
    const std::size_t common = alike(name, last_);
    last_ = name;
    return Value::List{static_cast<std::int64_t>(common), name.substr(common)};
  }

 private:
  std::string last_;
};

std::vector<const DiffLine*> by_name(const DiffReport& report) {
  std::vector<std::pair<std::string, const DiffLine*>> named;
  for (const DiffLine& line : report.lines) named.emplace_back(line.group.text(), &line);
  std::sort(named.begin(), named.end(),
            [](const auto& a, const auto& b) { return natural_less(a.first, b.first); });
  std::vector<const DiffLine*> lines;
  for (const auto& entry : named) lines.push_back(entry.second);
  return lines;
}

/// [name (FrontCoded), difference, kind in A, kind in B, bytes] and, where values were compared and
/// differ, [relative, largest, cosine, differing, elements, not finite].
Value tensor_value(const DiffLine& line, FrontCoded& names, Kinds& kinds) {
  const bool in_a = line.difference != Difference::only_in_b;
  const bool in_b = line.difference != Difference::only_in_a;
  Value::List values = {names.next(*page_text(line.group.text()).if_text()),
                        static_cast<std::int64_t>(line.difference),
                        in_a ? kinds.number_of(line.a) : Value(),
                        in_b ? kinds.number_of(line.b) : Value(), line.bytes};
  if (line.distance) {
    const ValueDistance& d = *line.distance;
    values.push_back(Value::List{few_digits(d.relative()), few_digits(d.largest),
                                 few_digits(d.cosine()), d.differing, d.count, d.not_finite});
  }
  return values;
}

}  // namespace

std::string diff_page(const DiffReport& report) {
  Kinds kinds;
  Value::List tensors;
  FrontCoded names;
  for (const DiffLine* line : by_name(report)) tensors.push_back(tensor_value(*line, names, kinds));
  return make_page("diff.html", Value::Map{{"page", "inarch/diff-page/1"},
                                           {"a", page_side(report.a)},
                                           {"b", page_side(report.b)},
                                           {"headers_only", report.headers_only},
                                           {"kinds", kinds.take()},
                                           {"tensors", std::move(tensors)}});
}

}  // namespace inarch
