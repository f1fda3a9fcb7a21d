#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace inarch {

/// DELLA's thinning out (Deep, Bhardwaj, Poria: "DELLA-Merging", 2024): in a row of n values the
/// one with the k-th least magnitude (k from 0, of equal ones those that come first are less) stays
/// with probability density − epsilon + 2 epsilon k / (n − 1), when its coin is below that times
/// 2^32; what does not stay becomes 0. A row of one value has the density.
///
/// `work` is aligned for doubles and holds what ranking_bytes() of the memory model counts, less
/// the coins. Linear in n: see the source.
void keep_by_ranked_coin(const std::uint32_t* coins, double density, double epsilon, std::int64_t n,
                         float* values, std::span<std::byte> work);
void keep_by_ranked_coin(const std::uint32_t* coins, double density, double epsilon, std::int64_t n,
                         double* values, std::span<std::byte> work);

}  // namespace inarch
