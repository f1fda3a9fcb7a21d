#pragma once

#include <cstdint>
#include <vector>

#include "runtime/forward/decoder_config.h"
#include "runtime/forward/forward_options.h"

namespace inarch {

/// The angles by which positions turn a head: pairs are (i, i + dim / 2), as transformers lays them
/// out. Frequencies and angles are f32, as there, since a position of some thousands shows the
/// difference. Su et al., 2021; scaling as in Llama 3.1 and YaRN (Peng et al., 2023).
class RopeTable {
 public:
  RopeTable(const RopeConfig& config, std::int64_t head_dim, std::int64_t positions,
            Rounding rounding);

  /// Turns `heads` heads [heads, head_dim], one after another, to where `position` is.
  void turn(std::int64_t position, std::int64_t heads, float* values) const;

 private:
  std::int64_t half_;
  Rounding rounding_;
  std::vector<float> cosines_, sines_;  // [positions, half]
};

/// The head_dim / 2 frequencies, in radians a position.
std::vector<float> rope_frequencies(const RopeConfig& config, std::int64_t head_dim);

}  // namespace inarch
