#include "runtime/cli/factor_table.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/core/shape.h"
#include "compiler/support/sizes.h"
#include "compiler/support/text.h"
#include "runtime/cli/name_groups.h"
#include "runtime/cli/text_table.h"

namespace inarch {

namespace {

std::string percent(double error) { return fmt::format("{:.3g} %", 100 * error); }

}  // namespace

std::string factor_table(const std::vector<Manifest::Factors>& factors, std::size_t width) {
  if (factors.empty()) return {};
  const auto right = TextTable::Align::right;
  TextTable table({{"factors"},
                   {"of", right},
                   {"rank", right},
                   {"matrices", right},
                   {"least error", right},
                   {"middle", right},
                   {"greatest", right}});
  std::vector<std::string> names, kinds;
  for (const Manifest::Factors& f : factors) {
    names.push_back(f.tensors.front());
    kinds.push_back(fmt::format("{} {} {}", f.rows, f.columns, f.rank));
  }
  constexpr std::size_t most_ranges = 3;
  for (const NameGroup& group : group_names(names, kinds)) {
    std::vector<double> errors;
    for (const std::size_t member : group.members) errors.push_back(factors[member].relative_error);
    std::sort(errors.begin(), errors.end());
    const Manifest::Factors& first = factors[group.members.front()];
    table.add({escape_for_terminal(group.text(most_ranges), 8192),
               format_shape({first.rows, first.columns}), std::to_string(first.rank),
               format_count(static_cast<std::int64_t>(errors.size())), percent(errors.front()),
               percent(errors[errors.size() / 2]), percent(errors.back())});
  }
  return table.text(width);
}

Value factor_values(const std::vector<Manifest::Factors>& factors) {
  Value::List list;
  for (const Manifest::Factors& f : factors) {
    Value::List names;
    for (const std::string& name : f.tensors) names.emplace_back(name);
    list.push_back(
        Value::Map{{"tensors", std::move(names)},
                   {"shape", Value::List{f.rows, f.columns}},
                   {"rank", f.rank},
                   {"exact", f.exact},
                   {"relative_error", f.relative_error},
                   {"weighted_error", f.weighted_error ? Value(*f.weighted_error) : Value()}});
  }
  return list;
}

}  // namespace inarch
