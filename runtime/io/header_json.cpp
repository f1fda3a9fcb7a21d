#include "runtime/io/header_json.h"

#include <cstdint>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "compiler/core/dtype.h"
#include "compiler/core/shape.h"
#include "compiler/support/sizes.h"
#include "compiler/support/text.h"
#include "runtime/io/header_entry.h"
#include "runtime/io/key_store.h"
#include "runtime/io/plain_header.h"
#include "runtime/io/safetensors_header.h"

namespace inarch {

namespace {

constexpr std::string_view metadata_key = "__metadata__";

/// Takes the parser's events. It stops at the first fault of structure, and goes on after faults of
/// a single tensor, so that one run shows every kind.
class HeaderReader {
 public:
  using Json = nlohmann::json;

  HeaderReader(std::int64_t data_size, HeaderFaults& faults)
      : data_size_(static_cast<std::uint64_t>(data_size)), faults_(faults) {}

  bool null() { return scalar("null"); }
  bool boolean(bool) { return scalar("a boolean"); }
  bool number_integer(Json::number_integer_t number);
  bool number_unsigned(Json::number_unsigned_t number);
  bool number_float(Json::number_float_t, const std::string& text);
  bool string(std::string& text);
  bool binary(Json::binary_t&) { return false; }
  bool start_object(std::size_t);
  bool key(std::string& text);
  bool end_object();
  bool start_array(std::size_t);
  bool end_array();
  bool parse_error(std::size_t position, const std::string& last,
                   const nlohmann::detail::exception& problem);

  std::vector<TensorInfo> take_tensors() { return std::move(tensors_); }
  void check_metadata_keys();

 private:
  enum class Place {
    start,
    top,
    entry,
    metadata,
    metadata_value,
    tensor,
    dtype,
    shape_value,
    shape,
    offsets_value,
    offsets,
    end
  };

  bool scalar(std::string_view found);
  bool bad_number(const std::string& text);
  bool structure(std::string message);
  bool entry_key(const std::string& text);
  bool field_key(const std::string& text);
  void finish_tensor();

  std::uint64_t data_size_;
  HeaderFaults& faults_;
  Place place_ = Place::start;
  std::vector<TensorInfo> tensors_;
  KeyStore metadata_keys_;
  bool has_metadata_ = false;
  std::string metadata_entry_;

  HeaderEntry entry_;  // the tensor being read
};

bool HeaderReader::structure(std::string message) {
  faults_.add("E406", std::move(message));
  return false;
}

bool HeaderReader::scalar(std::string_view found) {
  switch (place_) {
    case Place::start:
      return structure(fmt::format("the header is {}, expected an object", found));
    case Place::entry:
      return structure(
          fmt::format("{} is {}, expected an object with dtype, shape and data_offsets",
                      tensor_phrase(entry_.tensor.name), found));
    case Place::metadata:
      return structure(fmt::format("__metadata__ is {}, expected an object of texts", found));
    case Place::metadata_value:
      faults_.add("E416", fmt::format("the metadata entry '{}' is {}, expected text",
                                      escape_for_terminal(metadata_entry_), found));
      return true;
    case Place::dtype:
      return structure(fmt::format("the dtype of {} is {}, expected text",
                                   tensor_phrase(entry_.tensor.name), found));
    case Place::shape_value:
    case Place::offsets_value:
      return structure(fmt::format("the {} of {} is {}, expected a list of integers",
                                   place_ == Place::shape_value ? "shape" : "data_offsets",
                                   tensor_phrase(entry_.tensor.name), found));
    case Place::shape:
    case Place::offsets:
      return bad_number(std::string(found));
    default:
      return structure(fmt::format("{} where none belongs", found));
  }
}

bool HeaderReader::bad_number(const std::string& text) {
  const bool in_shape = place_ == Place::shape;
  faults_.add(in_shape ? "E408" : "E409",
              fmt::format("{} of {} has {}, expected integers from 0 to 2^64 - 1",
                          in_shape ? "the shape" : "data_offsets",
                          tensor_phrase(entry_.tensor.name), escape_for_terminal(text, 40)));
  entry_.faulty = true;
  if (!in_shape) ++entry_.offset_count;
  return true;
}

bool HeaderReader::number_integer(Json::number_integer_t number) {
  if (place_ == Place::shape || place_ == Place::offsets) {
    return bad_number(number == 0 ? "-0" : std::to_string(number));
  }
  return scalar("a number");
}

bool HeaderReader::number_float(Json::number_float_t, const std::string& text) {
  if (place_ == Place::shape || place_ == Place::offsets) return bad_number(text);
  return scalar("a number");
}

bool HeaderReader::number_unsigned(Json::number_unsigned_t number) {
  if (place_ == Place::offsets) {
    if (entry_.offset_count < 2) entry_.offsets[entry_.offset_count] = number;
    ++entry_.offset_count;
    return true;
  }
  if (place_ != Place::shape) return scalar("a number");
  if (entry_.tensor.shape.size() >= max_tensor_rank) {
    if (!entry_.faulty) {
      faults_.add("E408", fmt::format("{} has more than {} dimensions",
                                      tensor_phrase(entry_.tensor.name), max_tensor_rank));
    }
    entry_.faulty = true;
  } else if (number > static_cast<std::uint64_t>(INT64_MAX)) {
    faults_.add("E408", fmt::format("{} has a dimension of {}, more than any tensor can have",
                                    tensor_phrase(entry_.tensor.name), number));
    entry_.faulty = true;
  } else {
    entry_.tensor.shape.push_back(static_cast<std::int64_t>(number));
  }
  return true;
}

bool HeaderReader::string(std::string& text) {
  if (place_ == Place::metadata_value) return true;
  if (place_ == Place::shape || place_ == Place::offsets) {
    return bad_number(fmt::format("\"{}\"", text.substr(0, 40)));
  }
  if (place_ != Place::dtype) return scalar("text");
  const auto dtype = dtype_from_header(text);
  if (dtype) {
    entry_.tensor.dtype = *dtype;
  } else {
    faults_.add("E407",
                fmt::format("{} has the unknown dtype '{}'", tensor_phrase(entry_.tensor.name),
                            escape_for_terminal(text, 40)));
    entry_.faulty = true;
  }
  place_ = Place::tensor;
  return true;
}

bool HeaderReader::start_object(std::size_t) {
  switch (place_) {
    case Place::start:
      place_ = Place::top;
      return true;
    case Place::metadata:
      place_ = Place::metadata_value;
      return true;
    case Place::entry:
      place_ = Place::tensor;
      return true;
    default:
      return scalar("an object") && false;  // stop, whatever it says
  }
}

bool HeaderReader::key(std::string& text) {
  if (place_ == Place::metadata_value) {
    metadata_keys_.add(text);
    metadata_entry_.assign(text, 0, max_tensor_name_bytes);
    return true;
  }
  return place_ == Place::top ? entry_key(text) : field_key(text);
}

bool HeaderReader::entry_key(const std::string& text) {
  if (text == metadata_key) {
    if (std::exchange(has_metadata_, true)) {
      faults_.add("E405", "__metadata__ occurs twice in the header");
      return false;
    }
    place_ = Place::metadata;
    return true;
  }
  place_ = Place::entry;
  entry_.begin(std::string_view(text).substr(0, max_tensor_name_bytes));
  if (text.size() > max_tensor_name_bytes) {
    faults_.add("E417", fmt::format("the name of {} has {} bytes, expected at most {}",
                                    tensor_phrase(entry_.tensor.name),
                                    format_count(static_cast<std::int64_t>(text.size())),
                                    format_count(max_tensor_name_bytes)));
    entry_.faulty = true;
  }
  return true;
}

bool HeaderReader::field_key(const std::string& text) {
  bool* seen = text == "dtype"          ? &entry_.has_dtype
               : text == "shape"        ? &entry_.has_shape
               : text == "data_offsets" ? &entry_.has_offsets
                                        : nullptr;
  if (seen == nullptr) {
    return structure(
        fmt::format("{} has the unknown field '{}', expected dtype, shape and data_offsets",
                    tensor_phrase(entry_.tensor.name), escape_for_terminal(text, 40)));
  }
  if (std::exchange(*seen, true)) {
    faults_.add("E405", fmt::format("{} has the field '{}' twice",
                                    tensor_phrase(entry_.tensor.name), escape_for_terminal(text)));
    return false;
  }
  place_ = seen == &entry_.has_dtype   ? Place::dtype
           : seen == &entry_.has_shape ? Place::shape_value
                                       : Place::offsets_value;
  return true;
}

bool HeaderReader::end_object() {
  switch (place_) {
    case Place::tensor:
      finish_tensor();
      place_ = Place::top;
      return true;
    case Place::metadata_value:
      place_ = Place::top;
      return true;
    default:
      place_ = Place::end;
      return true;
  }
}

bool HeaderReader::start_array(std::size_t) {
  if (place_ == Place::shape_value) {
    place_ = Place::shape;
    return true;
  }
  if (place_ == Place::offsets_value) {
    place_ = Place::offsets;
    return true;
  }
  return scalar("a list") && false;
}

bool HeaderReader::end_array() {
  place_ = Place::tensor;
  return true;
}

bool HeaderReader::parse_error(std::size_t position, const std::string&,
                               const nlohmann::detail::exception& problem) {
  constexpr int number_out_of_range = 406;
  std::string text = problem.what();
  if (problem.id == number_out_of_range && (place_ == Place::shape || place_ == Place::offsets)) {
    bad_number("a number beyond every range");
    return false;
  }
  // "[json.exception.parse_error.101] parse error at line 1, column 5: syntax error while …"
  const std::size_t detail = text.find(": ");
  if (detail != std::string::npos) text.erase(0, detail + 2);
  faults_.add("E404", fmt::format("the header is not valid JSON at byte {}: {}",
                                  format_count(static_cast<std::int64_t>(position)),
                                  escape_for_terminal(text)));
  return false;
}

void HeaderReader::check_metadata_keys() {
  if (const auto twice = metadata_keys_.find_duplicate()) {
    faults_.add("E405",
                fmt::format("the metadata entry '{}' occurs twice", escape_for_terminal(*twice)));
  }
}

void HeaderReader::finish_tensor() {
  if (check_entry(entry_, data_size_, faults_)) tensors_.push_back(entry_.tensor);
}

}  // namespace

std::vector<TensorInfo> read_header_json(std::string_view json, std::int64_t data_size,
                                         HeaderFaults& faults) {
  if (auto plain = read_plain_header(json, data_size)) return std::move(*plain);
  // The parser takes a NUL for the end of its input, and skips a byte order mark.
  const std::size_t nul = json.find('\0');
  if (nul != std::string_view::npos) {
    faults.add("E404", fmt::format("the header is not valid JSON at byte {}: a NUL byte", nul + 1));
    return {};
  }
  const std::size_t first = json.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || json[first] != '{') {
    faults.add("E404", first == std::string_view::npos
                           ? std::string("the header is empty, expected a JSON object")
                           : fmt::format("the header begins with '{}', expected a JSON object",
                                         escape_for_terminal(json.substr(first), 20)));
    return {};
  }
  HeaderReader reader(data_size, faults);
  nlohmann::json::sax_parse(json.begin(), json.end(), &reader);
  reader.check_metadata_keys();
  return reader.take_tensors();
}

}  // namespace inarch
