#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace inarch {

/// What merging methods are made of, beside sums. Inputs are tensors of `groups` runs of `size`
/// elements, which are merged apart; the result is one such tensor. Numbers that follow from whole
/// runs (coefficients, thresholds, factors) are materialised.
enum class Merge : std::uint8_t {
  // Weighted sums of the inputs whose weights follow from the inner products of the runs
  slerp,        // two inputs; t
  nuslerp,      // two inputs; t
  multislerp,   // weights, normalize, epsilon
  karcher,      // iterations, tolerance
  model_stock,  // the first input is the base
  // Of one input, the differences from a base: what is left of it
  trim,          // of the largest magnitudes, `skip` go and the next `keep` stay
  coins,         // each stays with probability `density`
  ranked_coins,  // density ± epsilon, from the least to the largest magnitude of a row
  // Of several differences
  vote,  // the weighted sum of those whose sign is that of the weighted sum of all
  sce,   // as `vote`, weighted by mean squares, of the entries that vary most (`density` of them)
  ram,   // mean of those above epsilon; with r > 0, what one alone has is scaled
  // Of a base and another
  nearswap,  // t
  fusion,    // rows; arcee_fusion
};
struct MergeOp {
  Merge merge = Merge::slerp;
  std::int64_t groups = 1;
  std::int64_t size = 0;
  std::int64_t row = 0;  // ranked_coins and fusion: elements of a row, a divisor of `size`
  std::int64_t keep = 0;
  std::int64_t skip = 0;
  std::int64_t iterations = 0;
  bool from_base = false;  // blends: input 0 is a base, and differences from it are blended
  bool normalize = false;
  bool rescale = false;  // to the sum of magnitudes that there was
  double t = 0;
  double density = 1;
  double epsilon = 0;
  double tolerance = 0;
  double r = 0;
  double alpha = 0;
  std::vector<double> weights;  // multislerp and vote
  std::uint64_t seed = 0;
  std::string key;  // of random numbers: the output tensor's name

  std::int64_t count() const { return groups * size; }
  friend bool operator==(const MergeOp&, const MergeOp&) = default;
};
/// Whether it is a weighted sum of its inputs.
bool is_blend(Merge merge);
/// Whether it takes one input.
bool is_thinning(Merge merge);

std::string_view name(Merge merge);
std::optional<Merge> merge_named(std::string_view name);

/// How many inputs it takes: at least, at most.
struct InputRange {
  std::size_t least = 1;
  std::size_t most = 1;
};
InputRange merge_inputs(Merge merge);
/// What is wrong with it when it has so many inputs, or nothing: sizes that do not go together,
/// numbers out of their ranges.
std::string find_fault(const MergeOp& op, std::size_t inputs);

}  // namespace inarch
