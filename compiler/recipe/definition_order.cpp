#include "compiler/recipe/definition_order.h"

#include <algorithm>
#include <string_view>

#include "compiler/recipe/expand.h"

namespace inarch {

namespace {

/// What every name that the pattern can stand for begins with.
std::string_view beginning(const NamePattern& pattern) {
  const bool known =
      !pattern.parts.empty() && pattern.parts.front().kind == NamePattern::Part::Kind::literal;
  return known ? std::string_view(pattern.parts.front().text) : std::string_view();
}

bool may_meet(const NamePattern& a, const NamePattern& b) {
  const std::string_view x = beginning(a), y = beginning(b);
  const std::size_t n = std::min(x.size(), y.size());
  return x.substr(0, n) == y.substr(0, n);
}

bool may_read(const Rule& reader, const Rule& other) {
  std::vector<const TensorExpr*> references;
  for (const NamedOperand& operand : reader.operands)
    collect_references(*operand.expression, references);
  collect_references(*reader.value, references);
  return std::any_of(references.begin(), references.end(), [&](const TensorExpr* reference) {
    return reference->source == "define" && may_meet(reference->pattern, other.to.front().name);
  });
}

}  // namespace

std::vector<DefinitionTurn> order_definitions(const std::vector<Rule>& definitions) {
  std::vector<const Rule*> waiting;
  for (const Rule& definition : definitions) waiting.push_back(&definition);
  std::vector<DefinitionTurn> turns;
  while (!waiting.empty()) {
    const auto ready = std::find_if(waiting.begin(), waiting.end(), [&](const Rule* reader) {
      return std::none_of(waiting.begin(), waiting.end(),
                          [&](const Rule* other) { return may_read(*reader, *other); });
    });
    const bool knows = ready != waiting.end();
    const auto next = knows ? ready : waiting.begin();
    turns.push_back({*next, knows});
    waiting.erase(next);
  }
  return turns;
}

}  // namespace inarch
