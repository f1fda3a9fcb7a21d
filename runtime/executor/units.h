#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "compiler/plan/memory_model.h"
#include "compiler/plan/plan.h"
#include "runtime/kernels/content_hash.h"

namespace inarch {

/// A part of one step, or of several that share what they materialise: bytes [begin, begin + bytes)
/// of output `output`, and of the outputs that follow it in the shard when `bytes` goes beyond its
/// end. Begins and ends at pieces of digests.
struct Unit {
  std::uint32_t step = 0;
  std::uint32_t output = 0;
  std::int64_t begin = 0;
  std::int64_t bytes = 0;
};

/// All units of a plan, in the order of its steps. The same for the same plan and cut.
std::vector<Unit> cut_into_units(const Plan& plan, const Cut& cut);

/// One piece of a digest: bytes [begin, begin + bytes) of one output.
struct Piece {
  std::uint32_t output = 0;
  std::int64_t number = 0;  // among the pieces of its output
  std::int64_t shard_offset = 0;
  std::int64_t bytes = 0;
};

/// The pieces of a unit, in order.
template <typename Callback>
bool for_each_piece(const Plan& plan, const Unit& unit, Callback&& callback) {
  std::int64_t left = unit.bytes;
  std::int64_t begin = unit.begin;
  for (std::uint32_t output = unit.output; left > 0; ++output, begin = 0) {
    const OutputTensor& tensor = plan.outputs[output];
    for (; left > 0 && begin < tensor.bytes; begin += digest_piece_bytes) {
      const std::int64_t bytes = std::min(digest_piece_bytes, tensor.bytes - begin);
      if (!callback(Piece{output, begin / digest_piece_bytes, tensor.offset + begin, bytes})) {
        return false;
      }
      left -= bytes;
    }
  }
  return true;
}

/// The digests of all pieces of all outputs. Different pieces may be set from different threads.
class PieceTable {
 public:
  explicit PieceTable(const Plan& plan);
  void set(const Piece& piece, const PieceDigest& digest) {
    digests_[first_[piece.output] + static_cast<std::size_t>(piece.number)] = digest;
  }
  /// What the journal says of a unit, and a resumed run finds again: a digest of its digests.
  PieceDigest of_unit(const Plan& plan, const Unit& unit) const;
  /// The digest of a whole output, as the manifest states it.
  std::string of_output(std::uint32_t output) const;

 private:
  std::vector<std::size_t> first_;  // by output, and one more
  std::vector<PieceDigest> digests_;
};

}  // namespace inarch
