#pragma once

#include <cstdint>

namespace inarch {

/// target[r·target_stride + c] = source[c·source_stride + r] for r < rows, c < columns, for
/// elements of `width` 1, 2, 4 or 8 bytes at any address; strides in elements.
void transpose_plane(const unsigned char* source, std::int64_t source_stride, std::int64_t rows,
                     std::int64_t columns, unsigned char* target, std::int64_t target_stride,
                     int width);

}  // namespace inarch
