#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "compiler/core/dtype.h"
#include "runtime/io/safetensors_header.h"

/// The first two bytes say how much data follows the header; the rest is the header's JSON. What is
/// accepted must tile the data exactly and survive being written and read again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace inarch;
  if (size < 2) return 0;
  const std::int64_t data_bytes = data[0] + 256 * data[1];
  const std::string_view json(reinterpret_cast<const char*>(data + 2), size - 2);
  const std::int64_t data_start = 8 + static_cast<std::int64_t>(json.size());
  Diagnostics diagnostics;
  const auto tensors = parse_safetensors_header(json, data_start + data_bytes, "fuzz", diagnostics);
  if (tensors.has_value() == diagnostics.has_errors()) std::abort();
  if (!tensors) return 0;
  std::int64_t at = data_start;
  for (const TensorInfo& tensor : *tensors) {
    if (tensor.offset != at || tensor.bytes * 8 != tensor.elements() * bits(tensor.dtype)) {
      std::abort();
    }
    at += tensor.bytes;
  }
  if (at != data_start + data_bytes) std::abort();
  const std::string written = write_safetensors_header(*tensors);
  const auto again = parse_safetensors_header(
      std::string_view(written).substr(8), static_cast<std::int64_t>(written.size()) + data_bytes,
      "fuzz", diagnostics);
  if (!again || again->size() != tensors->size()) std::abort();
  for (std::size_t i = 0; i < again->size(); ++i) {
    if ((*again)[i].name != (*tensors)[i].name || (*again)[i].shape != (*tensors)[i].shape) {
      std::abort();
    }
  }
  return 0;
}
