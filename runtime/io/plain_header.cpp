#include "runtime/io/plain_header.h"

#include <utility>

#include "compiler/core/dtype.h"
#include "runtime/io/header_entry.h"
#include "runtime/io/key_store.h"
#include "runtime/io/plain_json.h"
#include "runtime/io/safetensors_header.h"

namespace inarch {

namespace {

class PlainHeader {
 public:
  PlainHeader(std::string_view json, std::int64_t data_size)
      : json_(json), data_size_(static_cast<std::uint64_t>(data_size)) {
    constexpr std::size_t usual_entry_bytes = 128;
    tensors_.reserve(json.size() / usual_entry_bytes);
  }

  bool read() {
    if (!json_.take('{')) return false;
    do {
      const auto name = json_.key();
      if (!name) return false;
      if (!(*name == "__metadata__" ? read_metadata() : read_tensor(*name))) return false;
    } while (json_.take(','));
    return json_.take('}') && json_.at_end();
  }

  std::vector<TensorInfo> take_tensors() { return std::move(tensors_); }

 private:
  bool read_metadata() {
    if (std::exchange(has_metadata_, true) || !json_.take('{')) return false;
    KeyStore keys;
    do {
      const auto key = json_.key();
      if (!key || !json_.text()) return false;
      keys.add(*key);
    } while (json_.take(','));
    return json_.take('}') && !keys.find_duplicate();
  }

  bool read_tensor(std::string_view name) {
    if (name.size() > max_tensor_name_bytes || !json_.take('{')) return false;
    entry_.begin(name);
    do {
      const auto field = json_.key();
      if (!field || !read_field(*field)) return false;
    } while (json_.take(','));
    if (!json_.take('}') || !check_entry(entry_, data_size_, faults_)) return false;
    tensors_.push_back(entry_.tensor);
    return true;
  }

  bool read_field(std::string_view field) {
    if (field == "dtype") return !std::exchange(entry_.has_dtype, true) && read_dtype();
    if (field == "shape") return !std::exchange(entry_.has_shape, true) && read_shape();
    return field == "data_offsets" && !std::exchange(entry_.has_offsets, true) && read_offsets();
  }

  bool read_dtype() {
    const auto text = json_.text();
    const auto dtype = text ? dtype_from_header(*text) : std::nullopt;
    if (dtype) entry_.tensor.dtype = *dtype;
    return dtype.has_value();
  }

  bool read_shape() {
    if (!json_.take('[')) return false;
    if (json_.take(']')) return true;
    do {
      const auto size = json_.integer();
      if (!size || entry_.tensor.shape.size() == max_tensor_rank) return false;
      entry_.tensor.shape.push_back(*size);
    } while (json_.take(','));
    return json_.take(']');
  }

  bool read_offsets() {
    if (!json_.take('[')) return false;
    for (std::uint64_t& offset : entry_.offsets) {
      if (entry_.offset_count++ > 0 && !json_.take(',')) return false;
      const auto number = json_.integer();
      if (!number) return false;
      offset = static_cast<std::uint64_t>(*number);
    }
    return json_.take(']');
  }

  PlainJson json_;
  std::uint64_t data_size_;
  bool has_metadata_ = false;
  HeaderEntry entry_;
  HeaderFaults faults_;  // found again, in their order, by the reader of all JSON
  std::vector<TensorInfo> tensors_;
};

}  // namespace

std::optional<std::vector<TensorInfo>> read_plain_header(std::string_view json,
                                                         std::int64_t data_size) {
  PlainHeader header(json, data_size);
  if (!header.read()) return std::nullopt;
  return header.take_tensors();
}

}  // namespace inarch
