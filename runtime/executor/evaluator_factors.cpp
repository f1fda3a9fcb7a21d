#include <algorithm>

#include "runtime/executor/evaluator.h"

namespace inarch {

bool Evaluator::apply(const LowRankOp&, std::uint32_t at, std::int64_t begin, std::int64_t n,
                      std::byte* target) {
  const auto* factors =
      static_cast<const float*>(static_cast<const void*>(materialised_->of(at))) + begin;
  with_values(target, [&](auto* values) { std::copy(factors, factors + n, values); });
  return true;
}

bool Evaluator::materialise_factors(const LowRankOp&, const Op&, float*) { return true; }

}  // namespace inarch
