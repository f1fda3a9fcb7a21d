#include "compiler/vocabulary/row_plan.h"

#include <optional>

namespace inarch {

namespace {

class RowPlanner {
 public:
  RowPlanner(const VocabularyLayout& layout, std::size_t of, const std::vector<std::int64_t>& sizes)
      : layout_(layout), of_(of), sizes_(sizes) {}

  /// Nothing when no source has a row for the token.
  std::optional<RowOrigin> origin(std::size_t token) const {
    const auto found = layout_.instructions.find(token);
    const bool instructed = found != layout_.instructions.end();
    if (instructed && found->second.force) return follow(found->second);
    if (has(of_, token)) return copy(of_, token);
    if (instructed) return follow(found->second);
    if (layout_.base >= 0) {
      const auto base = static_cast<std::size_t>(layout_.base);
      if (has(base, token)) return copy(base, token);
    }
    RowOrigin origin;
    for (std::size_t k = 0; k < sizes_.size(); ++k) {
      if (has(k, token)) origin.owners.emplace_back(k, layout_.ids[k][token]);
    }
    if (origin.owners.empty()) return std::nullopt;
    if (origin.owners.size() == 1) return copy(origin.owners.front().first, token);
    origin.kind = RowOrigin::Kind::average;
    return origin;
  }

 private:
  bool has(std::size_t source, std::size_t token) const {
    const std::int64_t id = layout_.ids[source][token];
    return id >= 0 && id < sizes_[source];
  }

  RowOrigin copy(std::size_t source, std::size_t token) const {
    return {RowOrigin::Kind::copy, source, layout_.ids[source][token], {}};
  }

  std::optional<RowOrigin> follow(const RowInstruction& instruction) const {
    switch (instruction.kind) {
      case RowInstruction::Kind::zero:
        return RowOrigin{RowOrigin::Kind::zero, 0, 0, {}};
      case RowInstruction::Kind::mean:
        return RowOrigin{};
      case RowInstruction::Kind::row:
        break;
    }
    if (instruction.id < 0 || instruction.id >= sizes_[instruction.source]) return std::nullopt;
    return RowOrigin{RowOrigin::Kind::copy, instruction.source, instruction.id, {}};
  }

  const VocabularyLayout& layout_;
  std::size_t of_;
  const std::vector<std::int64_t>& sizes_;
};

}  // namespace

std::vector<RowOrigin> plan_rows(const VocabularyLayout& layout, std::size_t of,
                                 const std::vector<std::int64_t>& sizes,
                                 std::vector<RowlessToken>& rowless) {
  const RowPlanner planner(layout, of, sizes);
  std::vector<RowOrigin> rows(static_cast<std::size_t>(layout.rows));
  for (std::size_t token = 0; token < layout.tokens.size(); ++token) {
    auto origin = planner.origin(token);
    if (origin) {
      rows[static_cast<std::size_t>(layout.tokens[token])] = std::move(*origin);
    } else {
      rowless.push_back({token, layout.instructions.count(token) != 0});
    }
  }
  return rows;
}

}  // namespace inarch
