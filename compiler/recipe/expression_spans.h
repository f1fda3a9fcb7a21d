#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "compiler/support/span.h"

namespace inarch {

/// Maps offsets in a decoded scalar back to its file. A scalar two bytes shorter than its span was
/// quoted; one that differs otherwise (escapes, folded lines) is only known as a whole.
class SpanMap {
 public:
  SpanMap(std::string_view text, Span whole) : whole_(whole) {
    const std::size_t length = whole.end - whole.begin;
    exact_ = whole.known() && (length == text.size() || length == text.size() + 2);
    shift_ = length == text.size() ? 0 : 1;
  }

  Span part(std::size_t begin, std::size_t end) const {
    if (!exact_) return whole_;
    return whole_.part(static_cast<std::uint32_t>(begin) + shift_,
                       static_cast<std::uint32_t>(end - begin));
  }
  /// The map of the text that starts `offset` bytes in.
  SpanMap from(std::size_t offset) const {
    SpanMap inner = *this;
    inner.shift_ += static_cast<std::uint32_t>(offset);
    return inner;
  }

 private:
  Span whole_;
  std::uint32_t shift_ = 0;
  bool exact_ = false;
};

}  // namespace inarch
