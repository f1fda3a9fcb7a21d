#include "runtime/executor/resume_work.h"

#include <span>
#include <utility>

namespace inarch {

ResumeWork::ResumeWork(const RunState& state, std::vector<FinishedUnit> claimed,
                       ProgressPhase& progress)
    : state_(state), claimed_(std::move(claimed)), proven_(claimed_.size()), progress_(progress) {}

Status ResumeWork::run(std::int64_t unit, Arena& arena) {
  const auto index = static_cast<std::size_t>(unit);
  const Unit& cut = state_.units[static_cast<std::size_t>(claimed_[index].unit)];
  auto* buffer = static_cast<std::byte*>(arena.take(digest_piece_bytes));
  const bool readable = for_each_piece(state_.plan, cut, [&](const Piece& piece) {
    const File& shard = state_.shards.files()[state_.plan.outputs[piece.output].shard];
    const std::span<std::byte> bytes(buffer, static_cast<std::size_t>(piece.bytes));
    if (!read_exact_at(shard, bytes, piece.shard_offset)) return false;
    state_.pieces.set(piece, digest_piece(bytes.data(), bytes.size()));
    return true;
  });
  const bool same = readable && state_.pieces.of_unit(state_.plan, cut) == claimed_[index].digest;
  proven_[index] = same ? 1 : 0;
  const OutputTensor& output = state_.plan.outputs[cut.output];
  if (same) state_.shards.written(output.shard, output.offset + cut.begin, cut.bytes);
  progress_.advanced(cut.bytes, output.name);
  return {};
}

std::vector<bool> ResumeWork::finished() const {
  std::vector<bool> finished(state_.units.size());
  for (std::size_t i = 0; i < claimed_.size(); ++i) {
    if (proven_[i] != 0) finished[static_cast<std::size_t>(claimed_[i].unit)] = true;
  }
  return finished;
}

}  // namespace inarch
