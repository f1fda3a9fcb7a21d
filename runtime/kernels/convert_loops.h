#pragma once

#include <cstdint>
#include <span>

namespace inarch {

/// The loops behind convert.h, one per stored type; the contracts are those of decode and encode.
void decode_bf16(const unsigned char* source, std::int64_t n, float* target);
void encode_bf16(const float* source, std::int64_t n, unsigned char* target);
void decode_f8_e4m3(const unsigned char* source, std::int64_t n, float* target);
void encode_f8_e4m3(const float* source, std::int64_t n, unsigned char* target);
void decode_f8_e5m2(const unsigned char* source, std::int64_t n, float* target);
void encode_f8_e5m2(const float* source, std::int64_t n, unsigned char* target);

void widen(const unsigned char* source, std::int64_t n, double* target);   // stored f32
void narrow(const unsigned char* source, std::int64_t n, float* target);   // stored f64, to nearest
void narrow(const double* source, std::int64_t n, unsigned char* target);  // f64 to stored f32
/// f64 to f32 by rounding to odd: what lies between two floats becomes the one whose last bit is 1.
/// Rounding the result to a type at least two bits narrower is then as if it had come from the f64
/// (Boldo, Melquiond: "Emulation of FMA and correctly rounded sums", 2008).
void narrow_to_odd(const double* source, std::int64_t n, float* target);

/// One way to convert f16; the ways differ in speed only.
struct Float16Path {
  const char* name;
  bool supported;  // by this processor
  void (*decode)(const unsigned char* source, std::int64_t n, float* target);
  void (*encode)(const float* source, std::int64_t n, unsigned char* target);
};
/// All ways, fastest first; the last is supported everywhere.
std::span<const Float16Path> float16_paths();
/// The fastest that this processor supports.
const Float16Path& float16_path();

}  // namespace inarch
