#include "runtime/forward/matrix_rows.h"

#include <utility>

#include "runtime/kernels/convert.h"

namespace inarch {

Result<MatrixRows> MatrixRows::open(WeightFiles& files, const MatrixPlace& place) {
  MatrixRows matrix(place);
  if (!place.tensor->is_encoded()) return matrix;
  auto parts = EncodedParts::read(files, *place.tensor);
  if (!parts) return parts.error();
  matrix.parts_ = std::move(*parts);
  return matrix;
}

Status MatrixRows::read(WeightFiles& files, std::int64_t first, std::int64_t count,
                        std::vector<std::byte>& stored, float* values) const {
  const std::int64_t begin = (place_.first_row + first) * place_.columns;
  const std::int64_t n = count * place_.columns;
  if (parts_) return parts_->decode(files, begin, n, stored, values);
  const std::int64_t width = bytes(place_.tensor->dtype);
  stored.resize(static_cast<std::size_t>(n * width));
  if (Status status = files.read(*place_.tensor, begin * width, stored); !status) return status;
  decode(place_.tensor->dtype, stored.data(), n, values);
  return {};
}

void expect_matrix(WeightFiles& files, const MatrixPlace& place) {
  if (place.tensor == nullptr || place.tensor->is_encoded()) return;
  const std::int64_t row = place.columns * bytes(place.tensor->dtype);
  files.expect(*place.tensor, place.first_row * row, place.rows * row);
}

}  // namespace inarch
