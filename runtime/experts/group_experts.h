#pragma once

#include <cstdint>
#include <vector>

namespace inarch {

/// A symmetric matrix [count, count]: how alike two experts are, larger for more alike.
struct Similarity {
  std::int64_t count = 0;
  std::vector<double> values;

  double of(std::int64_t a, std::int64_t b) const {
    return values[static_cast<std::size_t>(a * count + b)];
  }
};

/// Cosines of the rows of [count, width]; of a row of zeros, 0 with all others.
Similarity cosines(const float* rows, std::int64_t count, std::int64_t width);
/// Cosines from the inner products [count, count] of all rows. From how often two experts were
/// chosen together, with how often each was on the diagonal, that is the former over the geometric
/// mean of the latter.
Similarity cosines_of_products(std::vector<double> products, std::int64_t count);

/// Experts by group. The groups stand in the order of their first members, members in that of their
/// numbers.
using Groups = std::vector<std::vector<std::int64_t>>;

enum class Grouping : std::uint8_t { agglomerative, kmeans };

/// `groups` groups of one size, or of two sizes that differ by one where that does not divide the
/// count: 1 <= groups <= count. Ties go to the lower number, so that the same matrix gives the same
/// groups.
///
/// Agglomerative: the two clusters with the greatest mean similarity become one, as long as the
/// result is no larger than a group may be; where none fits any more, the members of the smallest
/// go one by one where they are most at home. O(count³).
/// kmeans: Lloyd's iterations with the distances of a kernel (Dhillon, Guan and Kulis 2004), each
/// assignment filled up from the smallest distance on as far as there is room.
Groups group_alike(const Similarity& similarity, std::int64_t groups, Grouping grouping);

/// Dealt by use: the experts from the most used on, each to the group that is used least so far
/// among those that have room. So the most used are apart, and all groups about as busy.
Groups group_by_use(const std::vector<double>& use, std::int64_t groups);

}  // namespace inarch
