#include "runtime/io/header_layout.h"

#include <algorithm>
#include <functional>
#include <string_view>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "compiler/support/sizes.h"

namespace inarch {

namespace {

std::int64_t end_of(const TensorInfo& tensor) { return tensor.offset + tensor.bytes; }

bool layout_less(const TensorInfo& a, const TensorInfo& b) {
  return std::tie(a.offset, a.bytes, a.name) < std::tie(b.offset, b.bytes, b.name);
}

}  // namespace

void check_names(const std::vector<TensorInfo>& tensors, HeaderFaults& faults) {
  // Sorted hashes, not a hash table: crafted names that collide cost n log n and not n squared.
  using Entry = std::pair<std::size_t, std::uint32_t>;
  std::vector<Entry> order;
  order.reserve(tensors.size());
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    order.emplace_back(std::hash<std::string_view>{}(tensors[i].name),
                       static_cast<std::uint32_t>(i));
  }
  std::sort(order.begin(), order.end(), [&](const Entry& a, const Entry& b) {
    if (a.first != b.first) return a.first < b.first;
    const int names = tensors[a.second].name.compare(tensors[b.second].name);
    return names != 0 ? names < 0 : a.second < b.second;
  });
  std::vector<std::uint32_t> repeated;
  for (std::size_t i = 1; i < order.size(); ++i) {
    if (order[i].first == order[i - 1].first &&
        tensors[order[i].second].name == tensors[order[i - 1].second].name) {
      repeated.push_back(order[i].second);
    }
  }
  std::sort(repeated.begin(), repeated.end());  // hash order must not reach the output
  for (const std::uint32_t i : repeated) {
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
