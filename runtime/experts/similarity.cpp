#include <cmath>

#include "runtime/experts/group_experts.h"

namespace inarch {

Similarity cosines_of_products(std::vector<double> products, std::int64_t count) {
  Similarity similarity{count, std::move(products)};
  std::vector<double> lengths;
  for (std::int64_t k = 0; k < count; ++k) lengths.push_back(std::sqrt(similarity.of(k, k)));
  for (std::int64_t a = 0; a < count; ++a) {
    for (std::int64_t b = 0; b < count; ++b) {
      const double both =
          lengths[static_cast<std::size_t>(a)] * lengths[static_cast<std::size_t>(b)];
      double& value = similarity.values[static_cast<std::size_t>(a * count + b)];
      value = a == b ? 1 : both > 0 ? value / both : 0;
    }
  }
  return similarity;
}

Similarity cosines(const float* rows, std::int64_t count, std::int64_t width) {
  std::vector<double> products(static_cast<std::size_t>(count * count));
  for (std::int64_t a = 0; a < count; ++a) {
    for (std::int64_t b = a; b < count; ++b) {
      double sum = 0;
      for (std::int64_t k = 0; k < width; ++k)
        sum += static_cast<double>(rows[a * width + k]) * static_cast<double>(rows[b * width + k]);
      products[static_cast<std::size_t>(a * count + b)] = sum;
      products[static_cast<std::size_t>(b * count + a)] = sum;
    }
  }
  return cosines_of_products(std::move(products), count);
}

}  // namespace inarch
