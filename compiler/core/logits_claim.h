#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace inarch {

/// A source or an output, as a whole.
struct ModelRef {
  bool is_output = false;
  std::uint32_t index = 0;

  friend bool operator==(const ModelRef&, const ModelRef&) = default;
};

/// |left − right| ≤ tolerance · max(|left|, |right|), over the largest magnitudes of the logits of
/// all tokens of all prompts, as two models compute them in f32.
struct LogitsClaim {
  std::string description;
  ModelRef left;
  ModelRef right;
  std::vector<std::vector<std::int64_t>> prompts;  // token ids
  double tolerance = 0;
  bool warns = false;  // the result is published where it does not hold

  friend bool operator==(const LogitsClaim&, const LogitsClaim&) = default;
};

}  // namespace inarch
