#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "compiler/core/json.h"
#include "compiler/core/stored_bytes.h"
#include "compiler/encoding/recognise_encodings.h"

namespace {

using namespace inarch;

/// What a recogniser has found must be what a plan may say, and fit its parts.
void check(const Checkpoint& checkpoint, const TensorInfo& tensor) {
  if (!tensor.is_encoded()) return;
  const EncodedTensor& encoded = checkpoint.encoded[static_cast<std::size_t>(tensor.encoded)];
  const Encoding& encoding = *encoded.encoding;
  if (!find_fault(encoding).empty() || encoding.count() != tensor.elements()) std::abort();
  if (encoding.parts.size() != encoded.parts.size()) std::abort();
  for (std::size_t k = 0; k < encoded.parts.size(); ++k) {
    const TensorInfo& part = encoded.parts[k];
    const PartRole role = encoding.parts[k];
    const bool as_numbers = lies_as_numbers(encoding, role, part.dtype);
    const auto count = part_count(encoding, role);
    if (!as_numbers && !part_dtype_fits(encoding, role, part.dtype)) std::abort();
    if (count && *count != (as_numbers ? part.bytes : part.elements())) std::abort();
    if (part.name.substr(0, encoded.stem) != tensor.name.substr(0, encoded.stem)) std::abort();
  }
  if (!tensor.name.ends_with(encoded.ending)) std::abort();
}

constexpr std::string_view endings[] = {".weight",
                                        ".weight_scale_inv",
                                        ".scale",
                                        ".weight_scale",
                                        "",
                                        "_scale_inv",
                                        "_blocks",
                                        "_scales",
                                        ".qweight",
                                        ".qzeros",
                                        ".scales",
                                        ".g_idx",
                                        ".weight_packed",
                                        ".weight_shape",
                                        ".weight_zero_point",
                                        ".weight_g_idx",
                                        ".weight_global_scale",
                                        ".weight.absmax",
                                        ".weight.quant_map",
                                        ".weight.nested_absmax",
                                        ".weight.nested_quant_map",
                                        ".weight.quant_state.bitsandbytes__nf4",
                                        ".weight.quant_state.bitsandbytes__fp4"};

constexpr DType dtypes[] = {DType::u8,      DType::i8,   DType::i32, DType::i64,     DType::f32,
                            DType::f16,     DType::bf16, DType::f64, DType::f8_e4m3, DType::f8_e5m2,
                            DType::f8_e8m0, DType::f4,   DType::u64};

constexpr std::int64_t sizes[] = {0,
                                  1,
                                  2,
                                  3,
                                  4,
                                  6,
                                  7,
                                  8,
                                  12,
                                  16,
                                  24,
                                  32,
                                  33,
                                  48,
                                  64,
                                  96,
                                  100,
                                  128,
                                  192,
                                  256,
                                  288,
                                  300,
                                  320,
                                  1024,
                                  1 << 20,
                                  std::int64_t{1} << 31,
                                  std::int64_t{1} << 40,
                                  (std::int64_t{1} << 50) - 1};

constexpr std::string_view configs[] = {
    "{}",
    R"({"quantization_config": 7})",
    R"({"dtype": "float16", "quantization_config": {"quant_method": "fp8", "weight_block_size": [128, 64]}})",
    R"({"quantization_config": {"quant_method": "fp8", "weight_block_size": [-1, 9223372036854775807]}})",
    R"({"expert_dtype": "fp4", "quantization_config": {"quant_method": "fp8", "weight_block_size": "x"}})",
    R"({"quantization_config": {"quant_method": "mxfp4"}})",
    R"({"quantization_config": {"quant_method": "bitsandbytes"}})",
    R"({"quantization_config": {"quant_method": "awq", "group_size": 32}})",
    R"({"quantization_config": {"quant_method": "gptq", "bits": 8, "group_size": -1}})",
    R"({"quantization_config": {"quant_method": "gptq", "bits": 2, "checkpoint_format": "gptq_v2"}})",
    R"({"quantization_config": {"bits": -9223372036854775808, "group_size": 9223372036854775807}})",
    R"({"quantization_config": {"quant_method": "compressed-tensors", "config_groups": {
        "a": {"weights": {"num_bits": 8}}, "b": {"weights": {"num_bits": -3}}}}})",
    R"({"quantization_config": {"quant_method": "compressed-tensors", "config_groups": [1]}})"};

/// Choices, one a byte; zeros once there are none left.
class Choices {
 public:
  explicit Choices(std::string_view data) : data_(data) {}

  bool any() const { return !data_.empty(); }
  std::size_t below(std::size_t end) {
    if (data_.empty()) return 0;
    const auto octet = static_cast<unsigned char>(data_.front());
    data_.remove_prefix(1);
    return octet % end;
  }
  template <typename T, std::size_t n>
  T of(const T (&table)[n]) {
    return table[below(n)];
  }
  std::string_view rest() const { return data_; }

 private:
  std::string_view data_;
};

std::string quant_state(Choices& choices) {
  const std::string sized =
      fmt::format(R"({{"blocksize": {}, "dtype": "{}", "shape": [{}, {}])", choices.of(sizes),
                  choices.below(2) ? "float16" : "i8", choices.of(sizes), choices.of(sizes));
  if (choices.below(2) == 0) return sized + "}";
  return sized +
         fmt::format(R"(, "nested_blocksize": {}, "nested_offset": 1e300}})", choices.of(sizes));
}

bool add(Checkpoint& checkpoint, Choices& choices) {
  TensorInfo tensor;
  tensor.name = std::string(choices.below(4) == 0 ? "b" : "a") + std::string(choices.of(endings));
  tensor.dtype = choices.of(dtypes);
  for (std::size_t rank = choices.below(5); rank > 0; --rank)
    tensor.shape.push_back(choices.of(sizes));
  const auto count = checked_numel(tensor.shape);
  constexpr std::int64_t most = std::int64_t{1} << 56;  // of 64 bits each no file holds more
  if (!count || *count > most || (*count * bits(tensor.dtype)) % 8 != 0) return false;
  tensor.bytes = *count * bits(tensor.dtype) / 8;
  for (const TensorInfo& known : checkpoint.tensors) {
    if (known.name == tensor.name) return false;
  }
  checkpoint.tensors.push_back(std::move(tensor));
  return true;
}

}  // namespace

/// The bytes choose a config, tensors that belong together or nearly so, and what small tensors
/// hold.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Choices choices(std::string_view(reinterpret_cast<const char*>(data), size));
  Checkpoint checkpoint;
  checkpoint.location = "model";
  checkpoint.config = *parse_json(configs[choices.below(std::size(configs))], "config.json");
  const std::string state = quant_state(choices);
  constexpr std::size_t most = 32;
  for (std::size_t k = choices.below(most); k > 0 && choices.any(); --k) {
    if (!add(checkpoint, choices)) return 0;
  }
  checkpoint.build_index();
  Diagnostics found;
  const auto read = [&](const TensorInfo& tensor) -> Result<std::string> {
    const bool text = tensor.name.find("quant_state") != std::string::npos;
    std::string bytes(text && choices.rest().size() < 4 ? state : choices.rest());
    if (!text) bytes.resize(static_cast<std::size_t>(tensor.bytes));
    return bytes;
  };
  recognise_encodings(checkpoint, read, found);
  for (const TensorInfo& tensor : checkpoint.tensors) check(checkpoint, tensor);
  return 0;
}
