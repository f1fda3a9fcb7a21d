#include "runtime/forward/pass_context.h"

#include "runtime/forward/rounded.h"

namespace inarch {

namespace {

constexpr std::int64_t tokens_at_a_time = 32;

RmsNorm norm_of(const DecoderConfig& config, const std::vector<float>& weights) {
  return {weights.data(), config.hidden, config.norm_epsilon, config.norm};
}

}  // namespace

void norm_tokens(const PassContext& context, const std::vector<float>& weights, std::int64_t tokens,
                 const float* x, float* y) {
  const std::int64_t width = context.config.hidden;
  const RmsNorm norm = norm_of(context.config, weights);
  context.workers.over(tokens, tokens_at_a_time, [&](std::int64_t begin, std::int64_t end) {
    apply_norm(norm, end - begin, x + begin * width, width, context.rounding, y + begin * width,
               width);
  });
}

void add_to_state(const PassContext& context, const std::vector<float>& output_norm,
                  std::int64_t tokens, float* change, float* state) {
  const std::int64_t width = context.config.hidden;
  const RmsNorm norm = norm_of(context.config, output_norm);
  context.workers.over(tokens, tokens_at_a_time, [&](std::int64_t begin, std::int64_t end) {
    float* of = change + begin * width;
    if (!output_norm.empty()) apply_norm(norm, end - begin, of, width, context.rounding, of, width);
    float* to = state + begin * width;
    const std::int64_t n = (end - begin) * width;
    for (std::int64_t i = 0; i < n; ++i) to[i] += of[i];
    round_as(context.rounding, to, n);
  });
}

}  // namespace inarch
