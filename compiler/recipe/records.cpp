#include "compiler/recipe/records.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/core/name_index.h"
#include "compiler/recipe/expand.h"
#include "compiler/support/text.h"

namespace inarch {

void Records::add(const Rule& rule, const RuleInstance& instance, const Scope& scope,
                  Diagnostics& diagnostics) {
  for (const RecordDecl& record : rule.records) {
    bool open = false;
    auto key = fill_in(record.key, scope, open, diagnostics);
    if (!key) continue;
    if (open) {
      diagnostics.add(error("E205", fmt::format("'{}' has a capture that nothing binds",
                                                escape_for_terminal(record.key.text)))
                          .at(record.key.span));
      continue;
    }
    auto value = values_.evaluate(record.value, scope, diagnostics);
    if (!value) continue;
    entries_[{instance.to.front().output, record.path}].push_back(
        {std::move(*key), std::move(*value), record.key.span});
  }
}

void Records::write(BoundRecipe& bound, Diagnostics& diagnostics) {
  for (auto& [place, entries] : entries_) {
    const auto& [output, path] = place;
    std::optional<Value>& config = bound.outputs[output].config;
    if (!config) {
      diagnostics.add(error("E165", "there is no config to record into")
                          .at(entries.front().span)
                          .hint("output: { config: … }"));
      continue;
    }
    const Value* known = config->find_path(path);
    Value::Map map;
    if (known != nullptr && known->if_map() != nullptr) map = *known->if_map();
    for (Entry& entry : entries) map.emplace_back(std::move(entry.key), std::move(entry.value));
    const auto name_of = [&](std::size_t i) -> std::string_view { return map[i].first; };
    const NameIndex index(map.size(), name_of);
    const auto repeated = index.repeated(name_of);
    const bool blocked = known != nullptr && known->if_map() == nullptr && !known->is_null();
    if (!repeated.empty()) {
      diagnostics.add(error("E165", fmt::format("'{}' would be recorded twice in '{}'",
                                                escape_for_terminal(map[repeated.front()].first),
                                                escape_for_terminal(path)))
                          .at(entries.front().span));
    } else if (blocked || !config->set_path(path, Value(std::move(map)))) {
      diagnostics.add(error("E165", fmt::format("'{}' is no mapping that could be recorded into",
                                                escape_for_terminal(path)))
                          .at(entries.front().span));
    }
  }
}

}  // namespace inarch
