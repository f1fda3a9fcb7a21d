#include "runtime/forward/rope.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "runtime/forward/rounded.h"

namespace inarch {

namespace {

/// Llama 3.1: waves longer than original / low_factor are slowed by `factor`, those shorter than
/// original / high_factor stay, and between the two a share grows from one to the other.
float scale_as_llama3(const RopeConfig& rope, float frequency) {
  const double wave = 2 * std::numbers::pi / static_cast<double>(frequency);
  if (wave > rope.original_positions / rope.low_factor)
    return static_cast<float>(static_cast<double>(frequency) / rope.factor);
  if (wave < rope.original_positions / rope.high_factor) return frequency;
  const double share =
      (rope.original_positions / wave - rope.low_factor) / (rope.high_factor - rope.low_factor);
  return static_cast<float>(static_cast<double>(frequency) * ((1 - share) / rope.factor + share));
}

/// The pair whose frequency turns `turns` times within the original positions.
double pair_that_turns(const RopeConfig& rope, double turns, double head_dim) {
  return head_dim * std::log(rope.original_positions / (turns * 2 * std::numbers::pi)) /
         (2 * std::log(rope.theta));
}

/// How far a pair is from staying as it is (0) to being divided (1).
class YarnRamp {
 public:
  YarnRamp(const RopeConfig& rope, double head_dim) {
    low_ = pair_that_turns(rope, rope.beta_fast, head_dim);
    high_ = pair_that_turns(rope, rope.beta_slow, head_dim);
    if (rope.truncate) {
      low_ = std::floor(low_);
      high_ = std::ceil(high_);
    }
    low_ = std::max(low_, 0.0);
    high_ = std::min(high_, head_dim - 1);
    if (low_ == high_) high_ += 0.001;
  }

  float share(std::int64_t pair) const {
    const float along =
        (static_cast<float>(pair) - static_cast<float>(low_)) / static_cast<float>(high_ - low_);
    return std::clamp(along, 0.0F, 1.0F);
  }

 private:
  double low_ = 0, high_ = 0;
};

}  // namespace

std::vector<float> rope_frequencies(const RopeConfig& config, std::int64_t head_dim) {
  std::vector<float> frequencies;
  const YarnRamp ramp(config, static_cast<double>(head_dim));
  for (std::int64_t i = 0; i < head_dim; i += 2) {
    const float exponent = static_cast<float>(i) / static_cast<float>(head_dim);
    const auto power = static_cast<float>(std::pow(config.theta, static_cast<double>(exponent)));
    float frequency = 1.0F / power;
    if (config.kind == RopeKind::linear) {
      frequency /= static_cast<float>(config.factor);
    } else if (config.kind == RopeKind::llama3) {
      frequency = scale_as_llama3(config, frequency);
    } else if (config.kind == RopeKind::yarn) {
      const float stays = 1.0F - ramp.share(i / 2);
      const float divided = 1.0F / (static_cast<float>(config.factor) * power);
      frequency = divided * (1.0F - stays) + frequency * stays;
    }
    frequencies.push_back(frequency);
  }
  return frequencies;
}

RopeTable::RopeTable(const RopeConfig& config, std::int64_t head_dim, std::int64_t positions,
                     Rounding rounding)
    : half_(head_dim / 2), rounding_(rounding) {
  const std::vector<float> frequencies = rope_frequencies(config, head_dim);
  const auto length = static_cast<float>(config.length);
  for (std::int64_t p = 0; p < positions; ++p) {
    for (const float frequency : frequencies) {
      const float angle = static_cast<float>(p) * frequency;
      cosines_.push_back(rounded_as(rounding, std::cos(angle) * length));
      sines_.push_back(rounded_as(rounding, std::sin(angle) * length));
    }
  }
}

void RopeTable::turn(std::int64_t position, std::int64_t heads, float* values) const {
  const float* cosines = cosines_.data() + position * half_;
  const float* sines = sines_.data() + position * half_;
  for (std::int64_t h = 0; h < heads; ++h) {
    float* low = values + 2 * h * half_;
    float* high = low + half_;
    for (std::int64_t i = 0; i < half_; ++i) {
      const float a = low[i], b = high[i];
      if (rounding_ == Rounding::f32) {
        low[i] = a * cosines[i] - b * sines[i];
        high[i] = b * cosines[i] + a * sines[i];
      } else {
        low[i] = rounded_as(rounding_, a * cosines[i]) - rounded_as(rounding_, b * sines[i]);
        high[i] = rounded_as(rounding_, b * cosines[i]) + rounded_as(rounding_, a * sines[i]);
      }
    }
    round_as(rounding_, low, 2 * half_);
  }
}

}  // namespace inarch
