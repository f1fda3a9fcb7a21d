#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

namespace inarch {

/// How results of single operations are kept. `f32`: as computed, which is a torch model loaded as
/// float32. `bf16`: rounded where a torch model in bfloat16 rounds; sums inside an operation are
/// still of f32.
enum class Rounding : std::uint8_t { f32, bf16 };

/// The ids of one text, in order. Positions count from 0.
using TokenSequence = std::vector<std::int64_t>;

struct ForwardOptions {
  int jobs = 1;
  /// Bytes that the whole of it may take. No choice of `jobs` or `memory` changes a result.
  std::int64_t memory = std::int64_t{1} << 30;
  Rounding rounding = Rounding::f32;
  const std::atomic<bool>* stop = nullptr;  ///< set by a signal handler: stop soon, with E588
};

}  // namespace inarch
