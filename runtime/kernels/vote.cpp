#include "runtime/kernels/vote.h"

#include <algorithm>
#include <array>
#include <type_traits>

#include "runtime/kernels/few_votes.h"
#include "runtime/kernels/multiversion.h"

namespace inarch {

namespace {

constexpr double least_sce_divisor = 1e-6;
constexpr std::int64_t vote_batch = 256;
using VoteSums = std::array<double, static_cast<std::size_t>(vote_batch)>;

template <typename T>
[[gnu::always_inline]] inline void elect_loop(const T* d, double w, std::int64_t n,
                                              double* __restrict sums) {
  for (std::int64_t i = 0; i < n; ++i) sums[i] += w * static_cast<double>(d[i]);
}
/// Adds to `kept` and `weights` where the sign is the elected one, +1 or −1.
template <typename T>
[[gnu::always_inline]] inline void join_loop(const T* d, double w, const double* __restrict elected,
                                             std::int64_t n, double* __restrict kept,
                                             double* __restrict weights) {
  for (std::int64_t i = 0; i < n; ++i) {
    const double value = w * static_cast<double>(d[i]);
    const bool agrees = value * elected[i] > 0;
    kept[i] += agrees ? value : 0.0;
    weights[i] += agrees ? w : 0.0;
  }
}
template <typename T>
[[gnu::always_inline]] inline void store_votes_loop(const double* kept, std::int64_t n,
                                                    T* __restrict result) {
  for (std::int64_t i = 0; i < n; ++i) result[i] = static_cast<T>(kept[i]);
}

INARCH_MULTIVERSION
void elect(const float* d, double w, std::int64_t n, double* sums) { elect_loop(d, w, n, sums); }
INARCH_MULTIVERSION
void elect(const double* d, double w, std::int64_t n, double* sums) { elect_loop(d, w, n, sums); }
INARCH_MULTIVERSION
void signs_of_sums(std::int64_t n, double* sums) {
  for (std::int64_t i = 0; i < n; ++i) sums[i] = sums[i] >= 0 ? 1.0 : -1.0;
}
INARCH_MULTIVERSION
void join(const float* d, double w, const double* elected, std::int64_t n, double* kept,
          double* weights) {
  join_loop(d, w, elected, n, kept, weights);
}
INARCH_MULTIVERSION
void join(const double* d, double w, const double* elected, std::int64_t n, double* kept,
          double* weights) {
  join_loop(d, w, elected, n, kept, weights);
}
/// The same without weights, where nobody asks for them.
template <typename T>
[[gnu::always_inline]] inline void join_plain_loop(const T* d, double w,
                                                   const double* __restrict elected, std::int64_t n,
                                                   double* __restrict kept) {
  for (std::int64_t i = 0; i < n; ++i) {
    const double value = w * static_cast<double>(d[i]);
    kept[i] += value * elected[i] > 0 ? value : 0.0;
  }
}
INARCH_MULTIVERSION
void join_plain(const float* d, double w, const double* elected, std::int64_t n, double* kept) {
  join_plain_loop(d, w, elected, n, kept);
}
INARCH_MULTIVERSION
void join_plain(const double* d, double w, const double* elected, std::int64_t n, double* kept) {
  join_plain_loop(d, w, elected, n, kept);
}
INARCH_MULTIVERSION
void divide_by_weights(const double* weights, std::int64_t n, double* __restrict kept) {
  for (std::int64_t i = 0; i < n; ++i) kept[i] /= weights[i] == 0 ? 1.0 : weights[i];
}
INARCH_MULTIVERSION
void divide_by_at_least(double least, const double* weights, std::int64_t n,
                        double* __restrict kept) {
  for (std::int64_t i = 0; i < n; ++i) kept[i] /= weights[i] < least ? least : weights[i];
}
INARCH_MULTIVERSION
void store_votes(const double* kept, std::int64_t n, float* result) {
  store_votes_loop(kept, n, result);
}
INARCH_MULTIVERSION
void store_votes(const double* kept, std::int64_t n, double* result) {
  store_votes_loop(kept, n, result);
}

template <typename T>
void vote_values(std::span<const T* const> differences, std::span<const double> weights,
                 const Election& how, std::int64_t n, T* result) {
  if constexpr (std::is_same_v<T, float>) {
    if (vote_of_few(differences, weights, how, n, result)) return;
  }
  VoteSums elected, kept, divisors;
  for (std::int64_t at = 0; at < n; at += vote_batch) {
    const std::int64_t count = std::min(vote_batch, n - at);
    elected.fill(0);
    kept.fill(0);
    divisors.fill(0);
    for (std::size_t k = 0; k < differences.size(); ++k)
      elect(differences[k] + at, how.weighted ? weights[k] : 1.0, count, elected.data());
    signs_of_sums(count, elected.data());
    for (std::size_t k = 0; k < differences.size(); ++k) {
      const T* const d = differences[k] + at;
      if (how.normalize) {
        join(d, weights[k], elected.data(), count, kept.data(), divisors.data());
      } else {
        join_plain(d, weights[k], elected.data(), count, kept.data());
      }
    }
    if (how.normalize && how.least > 0) {
      divide_by_at_least(how.least, divisors.data(), count, kept.data());
    } else if (how.normalize) {
      divide_by_weights(divisors.data(), count, kept.data());
    }
    store_votes(kept.data(), count, result + at);
  }
}

}  // namespace

void vote(std::span<const float* const> differences, std::span<const double> weights,
          bool normalize, std::int64_t n, float* result) {
  vote_values(differences, weights, Election{true, normalize, 0}, n, result);
}
void vote(std::span<const double* const> differences, std::span<const double> weights,
          bool normalize, std::int64_t n, double* result) {
  vote_values(differences, weights, Election{true, normalize, 0}, n, result);
}

void sce_sum(std::span<const float* const> differences, std::span<const double> shares,
             std::int64_t n, float* result) {
  vote_values(differences, shares, Election{false, true, least_sce_divisor}, n, result);
}
void sce_sum(std::span<const double* const> differences, std::span<const double> shares,
             std::int64_t n, double* result) {
  vote_values(differences, shares, Election{false, true, least_sce_divisor}, n, result);
}

}  // namespace inarch
