#include "runtime/io/header_layout.h"

#include <algorithm>
#include <string_view>
#include <tuple>

#include <fmt/format.h>

#include "compiler/core/name_index.h"
#include "compiler/support/sizes.h"

namespace inarch {

namespace {

std::int64_t end_of(const TensorInfo& tensor) { return tensor.offset + tensor.bytes; }

bool layout_less(const TensorInfo& a, const TensorInfo& b) {
  return std::tie(a.offset, a.bytes, a.name) < std::tie(b.offset, b.bytes, b.name);
}

}  // namespace

void check_names(const std::vector<TensorInfo>& tensors, HeaderFaults& faults) {
  const auto name_of = [&](std::size_t i) -> std::string_view { return tensors[i].name; };
  for (const std::uint32_t i : NameIndex(tensors.size(), name_of).repeated(name_of)) {
    faults.add("E405",
               fmt::format("{} occurs twice in the header", tensor_phrase(tensors[i].name)));
  }
}

void check_layout(std::vector<TensorInfo>& tensors, std::int64_t data_size, HeaderFaults& faults) {
  if (!std::is_sorted(tensors.begin(), tensors.end(), layout_less)) {
    std::sort(tensors.begin(), tensors.end(), layout_less);
  }
  std::int64_t covered = 0;
  const TensorInfo* before = nullptr;
  for (const TensorInfo& tensor : tensors) {
    if (tensor.offset < covered) {
      faults.add("E411",
                 fmt::format("{} begins at byte {} of the data, inside {}, which ends at {}",
                             tensor_phrase(tensor.name), format_count(tensor.offset),
                             tensor_phrase(before->name), format_count(covered)));
    } else if (tensor.offset > covered) {
      faults.add("E412",
                 fmt::format("{} bytes of data before {} belong to no tensor",
                             format_count(tensor.offset - covered), tensor_phrase(tensor.name)));
    }
    if (end_of(tensor) >= covered) {
      covered = end_of(tensor);
      before = &tensor;
    }
  }
  if (covered < data_size) {
    faults.add("E413", fmt::format("{} bytes after the last tensor belong to none",
                                   format_count(data_size - covered)));
  }
}

}  // namespace inarch
