#pragma once

#include <cstdint>

namespace inarch {

/// Identifies a text in a SourceMap. 0 means "no file".
using FileId = std::uint32_t;

/// A half-open range of bytes [begin, end) in one text. A default span points nowhere.
struct Span {
  FileId file = 0;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;

  bool known() const { return file != 0; }
  /// The part of this span that starts `offset` bytes in and is `length` bytes long.
  Span part(std::uint32_t offset, std::uint32_t length) const {
    return {file, begin + offset, begin + offset + length};
  }
};

}  // namespace inarch
