#include "compiler/core/dtype.h"

#include <array>

namespace inarch {

namespace {

struct Row {
  std::string_view header;
  std::string_view recipe;
  int bits;
  bool is_float;
  bool arithmetic;
};

constexpr std::array<Row, dtype_count> rows = {{
    {"BOOL", "bool", 8, false, false},
    {"F4", "f4", 4, true, false},
    {"F6_E2M3", "f6_e2m3", 6, true, false},
    {"F6_E3M2", "f6_e3m2", 6, true, false},
    {"U8", "u8", 8, false, false},
    {"I8", "i8", 8, false, false},
    {"F8_E5M2", "f8_e5m2", 8, true, true},
    {"F8_E4M3", "f8_e4m3", 8, true, true},
    {"F8_E8M0", "f8_e8m0", 8, true, false},
    {"F8_E4M3FNUZ", "f8_e4m3fnuz", 8, true, false},
    {"F8_E5M2FNUZ", "f8_e5m2fnuz", 8, true, false},
    {"I16", "i16", 16, false, false},
    {"U16", "u16", 16, false, false},
    {"F16", "f16", 16, true, true},
    {"BF16", "bf16", 16, true, true},
    {"I32", "i32", 32, false, false},
    {"U32", "u32", 32, false, false},
    {"F32", "f32", 32, true, true},
    {"C64", "c64", 64, false, false},
    {"F64", "f64", 64, true, true},
    {"I64", "i64", 64, false, false},
    {"U64", "u64", 64, false, false},
}};

const Row& row(DType dtype) { return rows[static_cast<std::size_t>(dtype)]; }

}  // namespace

int bits(DType dtype) { return row(dtype).bits; }
std::string_view header_name(DType dtype) { return row(dtype).header; }
std::string_view name(DType dtype) { return row(dtype).recipe; }
bool is_float(DType dtype) { return row(dtype).is_float; }
bool is_arithmetic(DType dtype) { return row(dtype).arithmetic; }

std::optional<DType> dtype_from_header(std::string_view text) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].header == text) return static_cast<DType>(i);
  }
  return std::nullopt;
}

std::optional<DType> dtype_from_recipe(std::string_view text) {
  if (text == "bfloat16") return DType::bf16;
  if (text == "float16" || text == "half") return DType::f16;
  if (text == "float32" || text == "float") return DType::f32;
  if (text == "float64" || text == "double") return DType::f64;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].recipe == text) return static_cast<DType>(i);
  }
  return std::nullopt;
}

}  // namespace inarch
