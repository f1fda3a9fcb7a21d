#include "runtime/forward/router.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "runtime/forward/rounded.h"

namespace inarch {

namespace {

void to_probabilities(std::int64_t n, const float* logits, float* values) {
  const float most = *std::max_element(logits, logits + n);
  double sum = 0;
  for (std::int64_t e = 0; e < n; ++e) {
    values[e] = std::exp(logits[e] - most);
    sum += static_cast<double>(values[e]);
  }
  // A NaN, which the state will tell of, has no order.
  for (std::int64_t e = 0; e < n; ++e)
    values[e] = sum > 0 ? static_cast<float>(static_cast<double>(values[e]) / sum) : 0.0F;
}

}  // namespace

void choose_experts(const DecoderConfig& config, std::int64_t tokens, const float* logits,
                    Rounding rounding, std::int32_t* experts, float* weights) {
  const std::int64_t count = config.experts, chosen = config.chosen_experts;
  std::vector<float> likely(static_cast<std::size_t>(count));
  std::vector<std::int32_t> order(static_cast<std::size_t>(count));
  const auto comes_first = [&](std::int32_t a, std::int32_t b) {
    const float x = likely[static_cast<std::size_t>(a)], y = likely[static_cast<std::size_t>(b)];
    return x > y || (x == y && a < b);
  };
  for (std::int64_t t = 0; t < tokens; ++t) {
    to_probabilities(count, logits + t * count, likely.data());
    std::iota(order.begin(), order.end(), 0);
    std::partial_sort(order.begin(), order.begin() + chosen, order.end(), comes_first);
    float* given = weights + t * chosen;
    float sum = 0;
    for (std::int64_t k = 0; k < chosen; ++k) {
      experts[t * chosen + k] = order[static_cast<std::size_t>(k)];
      given[k] = likely[static_cast<std::size_t>(order[static_cast<std::size_t>(k)])];
      sum += given[k];
    }
    if (config.normalised_weights) {
      for (std::int64_t k = 0; k < chosen; ++k) given[k] /= sum;
    }
    if (config.rounded_weights) round_as(rounding, given, chosen);
  }
}

}  // namespace inarch
