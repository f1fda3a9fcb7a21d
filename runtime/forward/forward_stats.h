#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "compiler/core/dtype.h"
#include "compiler/core/shape.h"
#include "runtime/forward/forward_pass.h"

namespace inarch {

/// A tensor of statistics: reals in f32, or counts in i64.
struct StatsTensor {
  std::string name;
  DType dtype = DType::f32;
  Shape shape;
  std::vector<float> reals;
  std::vector<std::int64_t> counts;
};

/// What a forward pass tells of a model: states, how experts were used, and the mean square of what
/// enters each linear map. All sums are f64, in the order of the tokens.
class ForwardStats : public ForwardObserver {
 public:
  ForwardStats(const ForwardPass& pass, std::size_t sequences);

  /// Bytes that are kept: for ForwardPass::run.
  std::int64_t bytes() const;
  /// For each layer i: `layers.{i}.state.last` and `.state.mean` [sequences, hidden], what enters
  /// it; of a mixture `.counts` [experts] (how often each was chosen), `.weights` [experts] (the
  /// sum of the weights it got), `.coactivation` [experts, experts] (tokens that chose both; the
  /// diagonal is the counts), `.mean_output` [experts, hidden] (over the tokens that chose it, the
  /// router's weights left out). For each linear map `{module}.input_moments` [in], the mean square
  /// of each channel of its inputs, or [experts, in] where one tensor holds the maps of all
  /// experts. What no token reached is zero.
  std::vector<StatsTensor> tensors() const;

  void layer_input(std::int64_t layer, std::size_t sequence, std::int64_t tokens,
                   const float* state) override;
  void linear_input(std::span<const std::string> modules, std::int64_t part, std::int64_t rows,
                    std::int64_t width, const float* input) override;
  void routed(std::int64_t layer, const RoutedTokens& routed) override;
  void expert_output(std::int64_t layer, std::int64_t expert, std::int64_t rows,
                     const float* output) override;
  bool wants_inputs() const override { return true; }

 private:
  /// Σ x² of the inputs of a map, by part and channel.
  struct Moments {
    std::int64_t width = 0;
    bool parted = false;
    std::vector<double> sums;
    std::vector<std::int64_t> rows;  ///< of each part
  };
  struct Mixture {
    std::vector<std::int64_t> together;  ///< [experts, experts]
    std::vector<double> weights, outputs;
  };

  void expect(const LinearPlace& place);
  void add_state_tensors(std::size_t layer, std::vector<StatsTensor>& into) const;
  void add_mixture_tensors(std::size_t layer, std::vector<StatsTensor>& into) const;

  const DecoderConfig& config_;
  std::size_t sequences_;
  std::vector<float> last_, mean_;  // [layers, sequences, hidden]
  std::vector<Mixture> mixtures_;   // of each layer; empty where it has none
  std::map<std::string, Moments> moments_;
};

}  // namespace inarch
