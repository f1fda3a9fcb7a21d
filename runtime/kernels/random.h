#pragma once

#include <cstdint>
#include <string_view>

namespace inarch {

/// Random numbers that are a function of (seed, key, element number) alone, so any tile can be
/// drawn on its own, in any order, on any processor, with the same bits.
///
/// Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC
/// 2011). The Philox key is the seed, low word first. The counter of block b is (b low, b high, h
/// low, h high), h = stream_of(key); block b holds elements 2b and 2b + 1, each 64 bits, low word
/// first.
void fill_normal(std::uint64_t seed, std::string_view key, std::int64_t first, std::int64_t n,
                 double mean, double deviation, float* dst);
void fill_normal(std::uint64_t seed, std::string_view key, std::int64_t first, std::int64_t n,
                 double mean, double deviation, double* dst);

/// Uniform on [low, high): also after rounding to the type of `dst`, if it has a value in between.
void fill_uniform(std::uint64_t seed, std::string_view key, std::int64_t first, std::int64_t n,
                  double low, double high, float* dst);
void fill_uniform(std::uint64_t seed, std::string_view key, std::int64_t first, std::int64_t n,
                  double low, double high, double* dst);

/// 64-bit FNV-1a over the bytes of `key` (offset basis 14695981039346656037, prime 1099511628211).
std::uint64_t stream_of(std::string_view key);

}  // namespace inarch
