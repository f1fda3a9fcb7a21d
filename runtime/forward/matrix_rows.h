#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "compiler/support/result.h"
#include "runtime/forward/decoder_tensors.h"
#include "runtime/forward/encoded_parts.h"
#include "runtime/forward/weight_files.h"

namespace inarch {

/// Rows of a stored matrix as f32, for any number of threads.
class MatrixRows {
 public:
  /// Reads what an encoded tensor needs before its rows can be decoded; of others nothing.
  static Result<MatrixRows> open(WeightFiles& files, const MatrixPlace& place);

  std::int64_t rows() const { return place_.rows; }
  std::int64_t columns() const { return place_.columns; }
  /// Rows [first, first + count) to `values`. `stored` is a buffer. E701.
  Status read(WeightFiles& files, std::int64_t first, std::int64_t count,
              std::vector<std::byte>& stored, float* values) const;

 private:
  explicit MatrixRows(const MatrixPlace& place) : place_(place) {}

  MatrixPlace place_;
  std::optional<EncodedParts> parts_;
};

/// Begins to read a matrix into the page cache, unless it is encoded; only a hint.
void expect_matrix(WeightFiles& files, const MatrixPlace& place);

}  // namespace inarch
