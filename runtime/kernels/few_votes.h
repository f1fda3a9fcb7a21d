#pragma once

#include <cstdint>
#include <span>

namespace inarch {

/// Who votes, and by what the sum is divided (vote.h).
struct Election {
  bool weighted = true;  // else all votes count alike
  bool normalize = false;
  double least = 0;  // of the divisor; 0: a divisor of 0 is 1
};

/// The votes of two or three in one loop that keeps nothing in memory; the same bits as theirs in
/// several. False, and nothing done, where there are more or fewer.
bool vote_of_few(std::span<const float* const> differences, std::span<const double> weights,
                 const Election& how, std::int64_t n, float* result);

}  // namespace inarch
