#include "runtime/kernels/content_hash.h"

#include <algorithm>
#include <new>

// The size of the state, which lives in ContentHash, is part of the library's static interface.
#define XXH_STATIC_LINKING_ONLY
#include <xxhash.h>

#include "compiler/plan/memory_model.h"

// Builds of the library for several processors also export these, which choose vectors of the
// widest kind at run time and yield the same digests; in others they are null.
extern "C" {
__attribute__((weak)) XXH128_hash_t XXH3_128bits_dispatch(const void* data, std::size_t size);
__attribute__((weak)) XXH_errorcode XXH3_128bits_update_dispatch(XXH3_state_t* state,
                                                                 const void* data,
                                                                 std::size_t size);
}

namespace inarch {

namespace {

struct Functions {
  decltype(&XXH3_128bits) once = XXH3_128bits;
  decltype(&XXH3_128bits_update) update = XXH3_128bits_update;
};

const Functions& fastest() {
  static const Functions functions = [] {
    if (&XXH3_128bits_dispatch == nullptr || &XXH3_128bits_update_dispatch == nullptr) {
      return Functions{};
    }
    // The first call writes the library's table, so it happens here, where one thread is.
    const std::array<unsigned char, 1024> zeros = {};
    XXH3_128bits_dispatch(zeros.data(), zeros.size());
    return Functions{XXH3_128bits_dispatch, XXH3_128bits_update_dispatch};
  }();
  return functions;
}

PieceDigest canonical(XXH128_hash_t hash) {
  XXH128_canonical_t bytes;
  XXH128_canonicalFromHash(&bytes, hash);
  PieceDigest digest;
  std::copy(std::begin(bytes.digest), std::end(bytes.digest), digest.begin());
  return digest;
}

}  // namespace

struct ContentHash::State {
  XXH3_state_t xxh3;
};

ContentHash::ContentHash() {
  static_assert(sizeof(State) <= sizeof(state_) && alignof(State) <= 64);
  new (state_.data()) State;
  reset();
}

ContentHash::State& ContentHash::state() {
  return *std::launder(reinterpret_cast<State*>(state_.data()));
}

const ContentHash::State& ContentHash::state() const {
  return *std::launder(reinterpret_cast<const State*>(state_.data()));
}

void ContentHash::reset() { XXH3_128bits_reset(&state().xxh3); }

void ContentHash::update(const void* data, std::size_t size) {
  if (size > 0) fastest().update(&state().xxh3, data, size);
}

PieceDigest ContentHash::digest() const { return canonical(XXH3_128bits_digest(&state().xxh3)); }

PieceDigest digest_piece(const void* data, std::size_t size) {
  return canonical(fastest().once(data, size));
}

std::string combine(std::span<const PieceDigest> pieces) {
  return hex(digest_piece(pieces.data(), pieces.size_bytes()));
}

std::string hex(const PieceDigest& digest) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(2 * digest.size());
  for (const std::uint8_t byte : digest) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

void TensorHash::update(const void* data, std::size_t size) {
  const auto* bytes = static_cast<const unsigned char*>(data);
  while (size > 0) {
    const std::size_t room = static_cast<std::size_t>(digest_piece_bytes) - in_piece_;
    const std::size_t count = std::min(room, size);
    piece_.update(bytes, count);
    in_piece_ += count;
    bytes += count;
    size -= count;
    if (count == room) finish_piece(piece_, pieces_);
    if (count == room) in_piece_ = 0;
  }
}

std::string TensorHash::digest() const {
  ContentHash piece = piece_;
  ContentHash pieces = pieces_;
  if (in_piece_ > 0) finish_piece(piece, pieces);
  return hex(pieces.digest());
}

void TensorHash::finish_piece(ContentHash& piece, ContentHash& pieces) {
  const PieceDigest digest = piece.digest();
  pieces.update(digest.data(), digest.size());
  piece.reset();
}

}  // namespace inarch
