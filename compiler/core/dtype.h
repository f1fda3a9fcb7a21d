#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace inarch {

/// The element types of safetensors (safetensors/src/tensor.rs), in the order in which its writer
/// sorts them.
enum class DType : std::uint8_t {
  boolean,
  f4,
  f6_e2m3,
  f6_e3m2,
  u8,
  i8,
  f8_e5m2,
  f8_e4m3,
  f8_e8m0,
  f8_e4m3fnuz,
  f8_e5m2fnuz,
  i16,
  u16,
  f16,
  bf16,
  i32,
  u32,
  f32,
  c64,
  f64,
  i64,
  u64,
};
inline constexpr int dtype_count = 22;

/// Width of one element; 4 and 6 for the packed types.
int bits(DType dtype);
/// Bytes of one element. Only for types whose width is a multiple of 8.
inline int bytes(DType dtype) { return bits(dtype) / 8; }
/// "BF16": as safetensors headers write it.
std::string_view header_name(DType dtype);
/// "bf16": as recipes write it.
std::string_view name(DType dtype);
std::optional<DType> dtype_from_header(std::string_view text);
/// Accepts "bf16" and the long names of torch ("bfloat16", "float16", "float32", "float64").
std::optional<DType> dtype_from_recipe(std::string_view text);
/// Types that arithmetic can decode and encode: bf16, f16, f32, f64, f8_e4m3, f8_e5m2.
bool is_arithmetic(DType dtype);
bool is_float(DType dtype);

}  // namespace inarch
