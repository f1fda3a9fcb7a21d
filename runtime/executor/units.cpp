#include "runtime/executor/units.h"

#include <algorithm>

namespace inarch {

namespace {

/// Several small outputs share a unit; a large one is cut at pieces.
void cut_copy(const Plan& plan, std::uint32_t step, const CopyStep& copy, const Cut& cut,
              std::vector<Unit>& units) {
  const std::uint32_t first = plan.steps[step].first_output;
  Unit unit{step, first, 0, 0};
  const auto flush = [&] {
    if (unit.bytes > 0) units.push_back(unit);
    unit.bytes = 0;
  };
  for (std::uint32_t output = first; output < first + copy.output_count; ++output) {
    const std::int64_t size = plan.outputs[output].bytes;
    for (std::int64_t at = 0; at < size;) {
      const std::int64_t room = std::max(cut.copy_unit_bytes, digest_piece_bytes) - unit.bytes;
      const std::int64_t whole_pieces = room / digest_piece_bytes * digest_piece_bytes;
      const std::int64_t part = size - at <= room ? size - at : whole_pieces;
      if (part == 0) {
        flush();
        continue;
      }
      if (unit.bytes == 0) unit = {step, output, at, 0};
      unit.bytes += part;
      at += part;
    }
  }
  flush();
}

void cut_program(const Plan& plan, std::uint32_t step, const Program& program, const Cut& cut,
                 std::vector<Unit>& units) {
  const std::uint32_t output = plan.steps[step].first_output;
  const std::int64_t size = plan.outputs[output].bytes;
  if (is_worked_on_as_one(program)) {
    if (!plan.steps[step].shares_before) {
      units.push_back({step, output, 0, size});
    } else {
      units.back().bytes += size;
    }
    return;
  }
  const std::int64_t each = unit_bytes(program, cut);
  for (std::int64_t at = 0; at < size; at += each) {
    units.push_back({step, output, at, std::min(each, size - at)});
  }
}

}  // namespace

std::vector<Unit> cut_into_units(const Plan& plan, const Cut& cut) {
  std::vector<Unit> units;
  units.reserve(plan.outputs.size());
  for (std::uint32_t s = 0; s < plan.steps.size(); ++s) {
    const Step& step = plan.steps[s];
    if (const auto* copy = std::get_if<CopyStep>(&step.work)) {
      cut_copy(plan, s, *copy, cut, units);
    } else if (const auto* move = std::get_if<MoveStep>(&step.work)) {
      cut_program(plan, s, move->program, cut, units);
    } else {
      cut_program(plan, s, std::get<ComputeStep>(step.work).program, cut, units);
    }
  }
  return units;
}

PieceTable::PieceTable(const Plan& plan) {
  std::size_t pieces = 0;
  first_.reserve(plan.outputs.size() + 1);
  for (const OutputTensor& output : plan.outputs) {
    first_.push_back(pieces);
    pieces +=
        static_cast<std::size_t>((output.bytes + digest_piece_bytes - 1) / digest_piece_bytes);
  }
  first_.push_back(pieces);
  digests_.resize(pieces);
}

PieceDigest PieceTable::of_unit(const Plan& plan, const Unit& unit) const {
  ContentHash hash;
  for_each_piece(plan, unit, [&](const Piece& piece) {
    const PieceDigest& digest =
        digests_[first_[piece.output] + static_cast<std::size_t>(piece.number)];
    hash.update(digest.data(), digest.size());
    return true;
  });
  return hash.digest();
}

std::string PieceTable::of_output(std::uint32_t output) const {
  return combine(std::span(digests_).subspan(first_[output], first_[output + 1] - first_[output]));
}

}  // namespace inarch
