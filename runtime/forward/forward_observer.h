#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace inarch {

/// What the experts of a mixture are given by the router: for each of `tokens` tokens `chosen`
/// experts, the likeliest first, with the weights by which their outputs are multiplied.
struct RoutedTokens {
  std::int64_t tokens = 0;
  std::int64_t chosen = 0;
  const std::int32_t* experts = nullptr;  // [tokens, chosen]
  const float* weights = nullptr;         // [tokens, chosen]
};

/// Is shown what a forward pass computes, while it does. Arrays are row-major and last as long as
/// the call. All calls but logits() come from one thread; layers come in their order, and within a
/// layer the tokens of all sequences, in groups that depend on sizes alone.
class ForwardObserver {
 public:
  virtual ~ForwardObserver() = default;

  /// The state [tokens, hidden] of a sequence that enters `layer`: transformers'
  /// hidden_states[layer].
  virtual void layer_input(std::int64_t layer, std::size_t sequence, std::int64_t tokens,
                           const float* state);
  /// The state after the last layer and the last norm: transformers' hidden_states[-1].
  virtual void final_state(std::size_t sequence, std::int64_t tokens, const float* state);
  /// The inputs [rows, width] of linear maps, given by the names of their weights without
  /// ".weight". Experts see the tokens that chose them. `part` is the number of the expert where
  /// one tensor holds those of all, else −1.
  virtual void linear_input(std::span<const std::string> modules, std::int64_t part,
                            std::int64_t rows, std::int64_t width, const float* input);
  virtual void routed(std::int64_t layer, const RoutedTokens& routed);
  /// What an expert gave [rows, hidden] for the tokens that chose it, before the router's weights.
  virtual void expert_output(std::int64_t layer, std::int64_t expert, std::int64_t rows,
                             const float* output);
  /// The logits [tokens, ids] of tokens first_token … for ids first_id … of one sequence. From
  /// several threads at once, each for ids of its own.
  virtual void logits(std::size_t sequence, std::int64_t first_token, std::int64_t tokens,
                      std::int64_t first_id, std::int64_t ids, const float* values);
  /// False to do without linear_input(), which asks for a copy of nothing but costs calls.
  virtual bool wants_inputs() const { return false; }
};

}  // namespace inarch
