#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "compiler/core/catalog.h"
#include "runtime/io/header_faults.h"

namespace inarch {

/// One tensor of a header while its fields are being read.
struct HeaderEntry {
  TensorInfo tensor;
  std::array<std::uint64_t, 2> offsets{};
  std::size_t offset_count = 0;
  bool has_dtype = false;
  bool has_shape = false;
  bool has_offsets = false;
  bool faulty = false;  // something in it has been reported already

  void begin(std::string_view name);
};

/// Checks a complete entry against itself and the `data_size` bytes after the header, and sets
/// offset (from the start of the data) and bytes of its tensor. False when it has a fault.
bool check_entry(HeaderEntry& entry, std::uint64_t data_size, HeaderFaults& faults);

}  // namespace inarch
