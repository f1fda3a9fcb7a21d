#include "runtime/cli/tensor_values.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <fmt/format.h>

#include "compiler/support/text.h"
#include "runtime/cli/stored_numbers.h"
#include "runtime/io/file.h"
#include "runtime/io/hollow.h"
#include "runtime/kernels/bytes.h"

namespace inarch {

namespace {

/// Where the first tensor of a file begins.
std::int64_t begin_of_data(const Checkpoint& checkpoint, std::uint32_t file) {
  std::int64_t begin = std::numeric_limits<std::int64_t>::max();
  for (const TensorInfo& tensor : checkpoint.tensors) {
    if (tensor.file == file) begin = std::min(begin, tensor.offset);
  }
  return begin;
}

/// What is stored, exactly: doubles hold all but the integers of 64 bits.
Value value_of(DType dtype, const unsigned char* stored, double number) {
  switch (dtype) {
    case DType::boolean:
      return Value(*stored != 0);
    case DType::i64:
      return Value(load<std::int64_t>(stored));
    case DType::u64: {
      const auto integer = load<std::uint64_t>(stored);
      if (integer > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
        return Value(number);
      return Value(static_cast<std::int64_t>(integer));
    }
    case DType::u8:
    case DType::i8:
    case DType::i16:
    case DType::u16:
    case DType::i32:
    case DType::u32:
      return Value(static_cast<std::int64_t>(number));
    default:
      return Value(number);
  }
}

/// The elements as lists within lists. The shape and the order of the elements are the tensor's.
Value nested(const Shape& shape, std::size_t dimension, std::vector<Value>::iterator& next) {
  if (dimension == shape.size()) return std::move(*next++);
  Value::List list;
  for (std::int64_t k = 0; k < shape[dimension]; ++k)
    list.push_back(nested(shape, dimension + 1, next));
  return Value(std::move(list));
}

Diagnostic fault(const TensorInfo& tensor, const std::string& what) {
  return error("E168", fmt::format("'{}' {}", escape_for_terminal(tensor.name), what));
}

/// Whether a tensor's elements are values that a table can have.
Status check_table(const Checkpoint& checkpoint, const TensorInfo& tensor) {
  if (tensor.is_encoded()) {
    return fault(
        tensor,
        fmt::format(
            "is encoded ({}), and only plain tensors are read as a table",
            describe(*checkpoint.encoded[static_cast<std::size_t>(tensor.encoded)].encoding)));
  }
  if (!has_numbers(tensor.dtype)) {
    return fault(tensor,
                 fmt::format("is stored as {}, which has no values that are read as a table",
                             name(tensor.dtype)));
  }
  return {};
}

}  // namespace

Result<Value> tensor_values(const Checkpoint& checkpoint, const TensorInfo& tensor) {
  if (Status table = check_table(checkpoint, tensor); !table) return std::move(table.error());
  const auto file = open_read(checkpoint.files[tensor.file].path);
  if (!file) return file.error();
  if (is_hollow(*file, begin_of_data(checkpoint, tensor.file))) {
    return fault(tensor, "has no values: the checkpoint has its headers alone")
        .note(fmt::format("{} is a hole behind its header",
                          escape_for_terminal(checkpoint.files[tensor.file].name)));
  }
  std::string stored(static_cast<std::size_t>(tensor.bytes), '\0');
  if (Status read = read_exact_at(*file, std::as_writable_bytes(std::span(stored)), tensor.offset);
      !read)
    return read.error();
  return values_of_bytes(checkpoint, tensor, stored);
}

Result<Value> values_of_bytes(const Checkpoint& checkpoint, const TensorInfo& tensor,
                              std::string_view bytes) {
  if (Status table = check_table(checkpoint, tensor); !table) return std::move(table.error());
  const std::vector<unsigned char> stored(bytes.begin(), bytes.end());
  std::vector<double> numbers(static_cast<std::size_t>(tensor.elements()));
  read_numbers(tensor.dtype, stored.data(), tensor.elements(), numbers.data());
  const std::size_t width = numbers.empty() ? 0 : stored.size() / numbers.size();
  std::vector<Value> values;
  values.reserve(numbers.size());
  for (std::size_t k = 0; k < numbers.size(); ++k) {
    if (!std::isfinite(numbers[k]))
      return fault(tensor, fmt::format("holds a value that is not finite, number {}", k));
    values.push_back(value_of(tensor.dtype, stored.data() + k * width, numbers[k]));
  }
  auto next = values.begin();
  return nested(tensor.shape, 0, next);
}

}  // namespace inarch
