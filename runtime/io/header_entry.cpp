#include "runtime/io/header_entry.h"

#include <fmt/format.h>

#include "compiler/core/dtype.h"
#include "compiler/core/shape.h"
#include "compiler/support/sizes.h"

namespace inarch {

namespace {

bool check_fields(const HeaderEntry& entry, HeaderFaults& faults) {
  const char* missing = !entry.has_dtype     ? "dtype"
                        : !entry.has_shape   ? "shape"
                        : !entry.has_offsets ? "data_offsets"
                                             : nullptr;
  if (missing == nullptr) return true;
  faults.add("E406", fmt::format("{} has no {}", tensor_phrase(entry.tensor.name), missing));
  return false;
}

bool check_offsets(HeaderEntry& entry, std::uint64_t data_size, HeaderFaults& faults) {
  const auto [begin, end] = entry.offsets;
  const std::string& name = entry.tensor.name;
  if (entry.offset_count != 2) {
    faults.add("E409", fmt::format("data_offsets of {} has {} numbers, expected 2",
                                   tensor_phrase(name), entry.offset_count));
    return false;
  }
  if (begin > end) {
    faults.add("E409", fmt::format("{} begins at byte {} of the data and ends before it, at {}",
                                   tensor_phrase(name), begin, end));
    return false;
  }
  if (end > data_size) {
    faults.add("E410",
               fmt::format("{} ends at byte {} of the data, but the file holds only {} bytes of it",
                           tensor_phrase(name), end, data_size),
               "download or copy the file again: it is probably incomplete");
    return false;
  }
  entry.tensor.offset = static_cast<std::int64_t>(begin);
  entry.tensor.bytes = static_cast<std::int64_t>(end - begin);
  return true;
}

bool check_size(const TensorInfo& tensor, HeaderFaults& faults) {
  const auto elements = checked_numel(tensor.shape);
  const std::int64_t width = bits(tensor.dtype);
  if (!elements || *elements > INT64_MAX / width) {
    faults.add("E408", fmt::format("the shape {} of {} has more elements than fit any file",
                                   format_shape(tensor.shape), tensor_phrase(tensor.name)));
    return false;
  }
  const std::int64_t all_bits = *elements * width;
  if (all_bits % 8 != 0) {
    faults.add(
        "E415",
        fmt::format("{} has {} elements of {} bits ({}), which is no whole number of bytes",
                    tensor_phrase(tensor.name), *elements, width, header_name(tensor.dtype)));
    return false;
  }
  if (all_bits / 8 != tensor.bytes) {
    faults.add("E414", fmt::format("{} has {} bytes of data, but {} {} takes {}",
                                   tensor_phrase(tensor.name), format_count(tensor.bytes),
                                   header_name(tensor.dtype), format_shape(tensor.shape),
                                   format_count(all_bits / 8)));
    return false;
  }
  return true;
}

}  // namespace

void HeaderEntry::begin(std::string_view name) {
  tensor.name = name;
  tensor.shape.clear();
  offset_count = 0;
  has_dtype = has_shape = has_offsets = faulty = false;
}

bool check_entry(HeaderEntry& entry, std::uint64_t data_size, HeaderFaults& faults) {
  return check_fields(entry, faults) && !entry.faulty && check_offsets(entry, data_size, faults) &&
         check_size(entry.tensor, faults);
}

}  // namespace inarch
