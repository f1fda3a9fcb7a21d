#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/mergekit/config.h"

namespace inarch {

/// A configuration of mergekit-moe as written.

/// A model whose MLPs become one of the experts of every layer.
struct MixtureExpert {
  MergekitModel model;
  std::vector<std::string> positive;
  std::vector<std::string> negative;
  std::optional<double> noise;     // the standard deviation of what is added to its MLPs
  std::optional<double> residual;  // a factor of its down projections
  Span span;
  Span residual_span;
};

struct MixtureConfig {
  std::optional<MergekitModel> base;
  std::vector<MixtureExpert> experts;
  std::vector<MixtureExpert> shared;
  MergekitText gate;  // "hidden" where nothing is said
  std::optional<MergekitText> dtype;
  std::optional<MergekitText> architecture;
  std::int64_t active = 2;  // experts that a token goes to
  Span active_span;
  Span span;

  bool draws_gates() const { return gate.text == "random" || gate.text == "uniform_random"; }
  /// Shared experts have gates where there are prompts for them, or gates are drawn.
  bool gates_shared() const {
    return !shared.empty() && (draws_gates() || !shared.front().positive.empty());
  }
};

}  // namespace inarch
