#include "runtime/kernels/content_hash.h"

#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "compiler/plan/memory_model.h"

namespace inarch {
namespace {

std::vector<unsigned char> random_bytes(std::size_t count) {
  std::mt19937 generator(9);
  std::vector<unsigned char> bytes(count);
  for (unsigned char& byte : bytes) byte = static_cast<unsigned char>(generator());
  return bytes;
}

// As xxhsum -H2 prints them.
TEST(ContentHash, KnownAnswers) {
  EXPECT_EQ(hex(ContentHash().digest()), "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(hex(digest_piece("abc", 3)), "06b05ab6733a618578af5f94892f3950");
}

TEST(ContentHash, PortionsDoNotMatter) {
  const auto bytes = random_bytes(5000);
  for (const std::size_t portion : {1U, 17U, 255U, 1024U, 5000U}) {
    ContentHash hash;
    hash.update(bytes.data(), 0);
    for (std::size_t i = 0; i < bytes.size(); i += portion) {
      hash.update(bytes.data() + i, std::min<std::size_t>(portion, bytes.size() - i));
    }
    EXPECT_EQ(hash.digest(), digest_piece(bytes.data(), bytes.size()));
    EXPECT_EQ(hash.digest(), digest_piece(bytes.data(), bytes.size()));  // asking changes nothing
    hash.reset();
    EXPECT_EQ(hash.digest(), digest_piece(nullptr, 0));
  }
}

TEST(ContentHash, ACopyGoesItsOwnWay) {
  const auto bytes = random_bytes(3000);
  ContentHash first;
  first.update(bytes.data(), 1000);
  ContentHash second = first;
  first.update(bytes.data() + 1000, 2000);
  EXPECT_EQ(second.digest(), digest_piece(bytes.data(), 1000));
  EXPECT_EQ(first.digest(), digest_piece(bytes.data(), 3000));
}

std::string by_pieces(const std::vector<unsigned char>& bytes) {
  std::vector<PieceDigest> pieces;
  const auto piece = static_cast<std::size_t>(digest_piece_bytes);
  for (std::size_t i = 0; i < bytes.size(); i += piece) {
    pieces.push_back(digest_piece(bytes.data() + i, std::min(piece, bytes.size() - i)));
  }
  return combine(pieces);
}

TEST(TensorHash, EqualsTheCombinedPieces) {
  const auto piece = static_cast<std::size_t>(digest_piece_bytes);
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, piece - 1, piece, piece + 1,
                                 2 * piece, 2 * piece + 12345}) {
    const auto bytes = random_bytes(size);
    for (const std::size_t portion : {std::size_t{100'003}, piece, 3 * piece}) {
      TensorHash hash;
      for (std::size_t i = 0; i < size; i += portion) {
        hash.update(bytes.data() + i, std::min(portion, size - i));
      }
      EXPECT_EQ(hash.digest(), by_pieces(bytes)) << size << " by " << portion;
      EXPECT_EQ(hash.digest(), by_pieces(bytes));
    }
  }
}

TEST(Combine, DigestsTheDigests) {
  const PieceDigest first = digest_piece("abc", 3);
  const PieceDigest second = digest_piece("", 0);
  std::vector<std::uint8_t> both(first.begin(), first.end());
  both.insert(both.end(), second.begin(), second.end());
  EXPECT_EQ(combine(std::vector{first, second}), hex(digest_piece(both.data(), both.size())));
  EXPECT_EQ(combine({}), "99aa06d3014798d86001c324468d497f");
  EXPECT_NE(combine(std::vector{first}), hex(first));
  EXPECT_NE(combine(std::vector{first, second}), combine(std::vector{second, first}));
}

TEST(ContentHash, NoticesOneBit) {
  auto bytes = random_bytes(100'000);
  const PieceDigest before = digest_piece(bytes.data(), bytes.size());
  for (const std::size_t at : {0U, 1U, 50'000U, 99'999U}) {
    bytes[at] ^= 1;
    EXPECT_NE(digest_piece(bytes.data(), bytes.size()), before);
    bytes[at] ^= 1;
  }
}

}  // namespace
}  // namespace inarch
