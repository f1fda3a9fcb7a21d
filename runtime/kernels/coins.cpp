#include "runtime/kernels/coins.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <string>

#include "runtime/kernels/bit_mask.h"
#include "runtime/kernels/coin_paths.h"
#include "runtime/kernels/random.h"

namespace inarch {

namespace {

constexpr std::int64_t block_coins = 4;
constexpr std::int64_t batch_coins = block_coins * coin_batch;
constexpr std::int64_t batch_halves = 2 * batch_coins;
using CoinWords = std::array<std::uint32_t, static_cast<std::size_t>(batch_coins)>;
using CoinHalves = std::array<std::uint16_t, static_cast<std::size_t>(batch_halves)>;
using CoinMask = std::array<std::uint8_t, static_cast<std::size_t>(batch_halves / 8)>;

/// What decides on elements, eight of which have the coins of a block, and a byte of a mask.
class CoinBits {
 public:
  CoinBits(std::uint64_t seed, std::string_view key, double probability)
      : seed_(seed), key_(key), stream_(~stream_of(key)) {
    const double scaled = std::clamp(probability, 0.0, 1.0) * 65536.0;
    keeps_all_ = scaled >= 65536.0;
    limit_ = keeps_all_ ? 0 : static_cast<std::uint16_t>(scaled);
    rest_ = scaled - limit_;
  }

  bool keeps_all() const { return keeps_all_; }

  /// Bit `skip + i` for element first + i, where skip = first mod 8; n + skip ≤ batch_halves.
  void draw(std::int64_t first, std::int64_t n, CoinMask& bits) const {
    const std::int64_t skip = first % 8;
    CoinWords words;
    CoinHalves halves;
    coin_path().draw(seed_, stream_, static_cast<std::uint64_t>(first / 8), words.data());
    static_assert(std::endian::native == std::endian::little);
    std::memcpy(halves.data(), words.data(), sizeof(halves));
    std::int64_t open = coin_path().compare(halves.data(), limit_, (skip + n + 7) / 8, bits.data());
    for (std::int64_t i = 0; open > 0; ++i) {
      if (halves[static_cast<std::size_t>(i)] != limit_) continue;
      --open;
      if (i >= skip && i < skip + n && !settles(first - skip + i))
        bits[static_cast<std::size_t>(i / 8)] &= static_cast<std::uint8_t>(~(1U << (i % 8)));
    }
  }

 private:
  /// Of an element whose coin is neither below the probability nor above it.
  bool settles(std::int64_t element) const {
    std::uint32_t coin = 0;
    draw_coins(seed_, std::string(key_) + '+', element, 1, &coin);
    return coin_keeps(coin, rest_);
  }

  std::uint64_t seed_;
  std::string_view key_;
  std::uint64_t stream_;
  bool keeps_all_ = false;
  std::uint16_t limit_ = 0;
  double rest_ = 0;
};

/// Calls visit(at, n) for portions of a batch, of which all but the first begin with a block.
template <typename Visit>
void for_batches(std::int64_t first, std::int64_t n, const Visit& visit) {
  for (std::int64_t at = 0; at < n;) {
    const std::int64_t count = std::min(batch_halves - (first + at) % 8, n - at);
    visit(at, count);
    at += count;
  }
}

template <typename T>
void keep_values_at_random(const CoinBits& coins, std::int64_t first, std::int64_t n, T* values) {
  if (coins.keeps_all()) return;
  CoinMask bits;
  for_batches(first, n, [&](std::int64_t at, std::int64_t count) {
    coins.draw(first + at, count, bits);
    keep_masked(bits.data(), (first + at) % 8, count, values + at);
  });
}

}  // namespace

void draw_coins(std::uint64_t seed, std::string_view key, std::int64_t first, std::int64_t n,
                std::uint32_t* coins) {
  const std::uint64_t stream = ~stream_of(key);
  CoinWords drawn;
  for (std::int64_t at = 0; at < n;) {
    const std::int64_t skip = (first + at) % block_coins;
    const std::int64_t count = std::min(batch_coins - skip, n - at);
    coin_path().draw(seed, stream, static_cast<std::uint64_t>((first + at) / block_coins),
                     drawn.data());
    std::copy_n(drawn.data() + skip, count, coins + at);
    at += count;
  }
}

void keep_at_random(std::uint64_t seed, std::string_view key, double probability,
                    std::int64_t first, std::int64_t n, float* values) {
  keep_values_at_random(CoinBits(seed, key, probability), first, n, values);
}
void keep_at_random(std::uint64_t seed, std::string_view key, double probability,
                    std::int64_t first, std::int64_t n, double* values) {
  keep_values_at_random(CoinBits(seed, key, probability), first, n, values);
}

void mask_at_random(std::uint64_t seed, std::string_view key, double probability,
                    std::int64_t first, std::int64_t n, std::uint8_t* mask) {
  const CoinBits coins(seed, key, probability);
  CoinMask bits;
  if (coins.keeps_all()) bits.fill(0xff);
  for_batches(first, n, [&](std::int64_t at, std::int64_t count) {
    if (!coins.keeps_all()) coins.draw(first + at, count, bits);
    copy_mask(bits.data(), first + at, count, mask);
  });
}

}  // namespace inarch
