#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "compiler/core/catalog.h"
#include "compiler/core/value.h"
#include "compiler/support/result.h"

namespace inarch {

/// Bytes of some tensors, by number.
using TensorBytes = std::map<std::uint32_t, std::string>;

/// Tensors in order as rows of JSON: [name, dtype, shape], with the bytes in base64 as a fourth
/// where they are known. Rows that repeat with other numbers in their names are written once, in
/// { "for": "0-383", "tensors": [ … ] }: "{0}" in a name is the number of the outermost loop, "{1}"
/// of the one in it, "{0+3}" that plus three; "{{" is a brace. A model's headers, whose names
/// differ by layer and expert, become a few rows. `first` is the number of the first tensor in
/// `bytes`.
Value::List fold_tensors(std::span<const TensorInfo> tensors, const TensorBytes& bytes,
                         std::uint32_t first);

/// What may still be made of rows, whose author is not known.
struct RowBudget {
  std::int64_t tensors = std::int64_t{4} << 20;
  std::int64_t bytes = std::int64_t{512} << 20;  // of names, shapes and kept bytes
};

/// The inverse: appends to `tensors`, without file and offset. A message without a code says what
/// is wrong with a row.
Status unfold_tensors(const Value& rows, RowBudget& budget, std::vector<TensorInfo>& tensors,
                      TensorBytes& bytes);

/// Numbers as "0-3,8,10-11": runs that ascend by one have their ends.
std::string write_ranges(std::span<const std::int64_t> numbers);

}  // namespace inarch
