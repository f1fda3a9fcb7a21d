#include "compiler/encoding/recognition.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/core/stored_bytes.h"
#include "compiler/support/sizes.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

std::string quoted(const std::string& name) {
  return fmt::format("'{}'", escape_for_terminal(name));
}

}  // namespace

std::optional<std::string> without_ending(const std::string& name, std::string_view ending) {
  if (!name.ends_with(ending)) return std::nullopt;
  return name.substr(0, name.size() - ending.size());
}

Recognition::Recognition(const Checkpoint& stored, const ReadSmallTensor& read,
                         Diagnostics& diagnostics)
    : stored_(stored), read_(read), diagnostics_(diagnostics) {
  for (const char* place :
       {"quantization_config", "text_config.quantization_config", "compression_config"}) {
    settings_ = stored.config.find_path(place);
    if (settings_ != nullptr && settings_->if_map() != nullptr) break;
    settings_ = nullptr;
  }
  const Value* method = setting("quant_method");
  if (method != nullptr && method->if_text() != nullptr) method_ = *method->if_text();
  usual_dtype_ = find_usual_dtype();
  has_bitsandbytes_ =
      std::any_of(stored.tensors.begin(), stored.tensors.end(), [](const TensorInfo& tensor) {
        return tensor.name.ends_with(".absmax") ||
               tensor.name.find(".quant_state.") != std::string::npos;
      });
}

const Value* Recognition::setting(std::string_view path) const {
  return settings_ == nullptr ? nullptr : settings_->find_path(path);
}

std::int64_t Recognition::number(std::string_view path, std::int64_t otherwise) const {
  const Value* value = setting(path);
  return value != nullptr && value->if_int() != nullptr ? *value->if_int() : otherwise;
}

DType Recognition::find_usual_dtype() const {
  for (const char* key : {"dtype", "torch_dtype", "text_config.dtype", "text_config.torch_dtype"}) {
    const Value* entry = stored_.config.find_path(key);
    if (entry == nullptr || entry->if_text() == nullptr) continue;
    const auto dtype = dtype_from_recipe(*entry->if_text());
    if (dtype && is_arithmetic(*dtype) && bits(*dtype) > 8) return *dtype;
  }
  return DType::bf16;
}

void Recognition::missing(const TensorInfo& codes, const std::string& name,
                          const std::string& what) {
  diagnostics_.add(error("E436", fmt::format("tensor {} is {}, but there is no {}",
                                             quoted(codes.name), what, quoted(name)))
                       .in(stored_.location));
}

void Recognition::misfit(const TensorInfo& part, const std::string& expected) {
  diagnostics_.add(
      error("E437", fmt::format("tensor {} is {} {}, expected {}", quoted(part.name),
                                header_name(part.dtype), format_shape(part.shape), expected))
          .in(stored_.location));
}

void Recognition::malformed(const TensorInfo& part, const std::string& what) {
  diagnostics_.add(
      error("E438", fmt::format("tensor {} {}", quoted(part.name), what)).in(stored_.location));
}

bool Recognition::set_sides(Encoding& encoding, const Shape& shape) {
  if (shape.empty()) return false;
  encoding.columns = shape.back();
  encoding.rows = shape.size() > 1 ? shape[shape.size() - 2] : 1;
  encoding.matrices = 1;
  for (std::size_t d = 0; d + 2 < shape.size(); ++d) encoding.matrices *= shape[d];
  return true;
}

/// What all formats have in common: every part has the size and the dtype that the codes ask for.
std::optional<FoundEncoding> Recognition::finish(FoundEncoding found) {
  for (const auto& [role, part] : found.parts) found.encoding.parts.push_back(role);
  const TensorInfo& codes = *found.parts.front().second;
  if (const std::string fault = find_fault(found.encoding); !fault.empty()) {
    malformed(codes, fmt::format("has {}", fault));
    return std::nullopt;
  }
  for (const auto& [role, part] : found.parts) {
    const auto count = part_count(found.encoding, role);
    const bool as_numbers = lies_as_numbers(found.encoding, role, part->dtype);
    const bool fits = as_numbers || part_dtype_fits(found.encoding, role, part->dtype);
    const std::int64_t elements = as_numbers ? part->bytes : part->elements();
    if (fits && (!count || *count == elements)) continue;
    misfit(*part,
           !fits ? "another dtype"
                 : fmt::format("{} {}", format_count(*count), as_numbers ? "bytes" : "elements"));
    return std::nullopt;
  }
  return found;
}

}  // namespace inarch
