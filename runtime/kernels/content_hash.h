#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace inarch {

/// A 128-bit XXH3 digest in canonical (big-endian) byte order.
using PieceDigest = std::array<std::uint8_t, 16>;

/// XXH3-128 with seed 0 over bytes that come in any portions. It finds corruption: torn writes,
/// flipped bits, swapped pieces. It is no defence against tampering; headers and plans have
/// SHA-256.
class ContentHash {
 public:
  ContentHash();
  void update(const void* data, std::size_t size);
  PieceDigest digest() const;
  void reset();

 private:
  struct State;
  State& state();
  const State& state() const;

  alignas(64) std::array<std::byte, 576> state_;
};

/// The digest of one piece at once.
PieceDigest digest_piece(const void* data, std::size_t size);

/// The digest of a tensor, 32 lowercase hex digits: XXH3-128 over the digests, one after another,
/// of its consecutive pieces of digest_piece_bytes (plan/memory_model.h), the last one shorter. A
/// tensor of one piece goes through the same rule; an empty tensor has no piece.
std::string combine(std::span<const PieceDigest> pieces);

/// 32 lowercase hex digits.
std::string hex(const PieceDigest& digest);

/// The same digest as combine(), for a tensor that is read front to back in portions of any size.
class TensorHash {
 public:
  void update(const void* data, std::size_t size);
  std::string digest() const;

 private:
  static void finish_piece(ContentHash& piece, ContentHash& pieces);

  ContentHash piece_;
  ContentHash pieces_;
  std::size_t in_piece_ = 0;
};

}  // namespace inarch
