#include "runtime/executor/step_work.h"

#include <algorithm>
#include <span>

#include "runtime/kernels/convert.h"
#include "runtime/kernels/elementwise.h"

namespace inarch {

namespace {

bool has_materialised(const Program& program) {
  return std::any_of(program.begin(), program.end(), is_materialised);
}

}  // namespace

StepWork::StepWork(const RunState& state, const std::vector<std::int64_t>& pending,
                   ProgressPhase& progress)
    : state_(state), pending_(pending), progress_(progress) {}

UnitWork::Demand StepWork::demand(std::int64_t unit) const {
  const Unit& cut =
      state_.units[static_cast<std::size_t>(pending_[static_cast<std::size_t>(unit)])];
  const std::vector<Step>& steps = state_.plan.steps;
  // The plan states what the default cut takes; tests choose others.
  std::int64_t scratch = scratch_bytes(state_.plan, steps[cut.step], state_.cut);
  for (std::size_t s = cut.step + 1; s < steps.size() && steps[s].shares_before; ++s)
    scratch = std::max(scratch, scratch_bytes(state_.plan, steps[s], state_.cut));
  return {scratch, steps[cut.step].resident_bytes, cut.step};
}

Status StepWork::run(std::int64_t unit, Arena& arena) {
  const std::int64_t number = pending_[static_cast<std::size_t>(unit)];
  const Unit& cut = state_.units[static_cast<std::size_t>(number)];
  const Step& step = state_.plan.steps[cut.step];
  Status status;
  if (const auto* copied = std::get_if<CopyStep>(&step.work)) {
    status = copy(*copied, cut, arena);
  } else if (const auto* moved = std::get_if<MoveStep>(&step.work)) {
    status = move(moved->program, cut, arena);
  } else {
    status = compute_sharing(cut, arena);
  }
  if (!status) return status;
  const OutputTensor& output = state_.plan.outputs[cut.output];
  state_.shards.written(output.shard, output.offset + cut.begin, cut.bytes);
  status = state_.journal.add({number, state_.pieces.of_unit(state_.plan, cut)});
  progress_.advanced(cut.bytes, output.name);
  return status;
}

void StepWork::group_done(std::int64_t group) {
  const std::scoped_lock lock(mutex_);
  shared_.erase(static_cast<std::uint32_t>(group));
}

/// Through a buffer that stays in the cache, where the bytes are hashed: a copy inside the kernel
/// would have to be read again for that, and costs more than it saves.
Status StepWork::copy(const CopyStep& step, const Unit& unit, Arena& arena) {
  const OutputTensor& first = state_.plan.outputs[state_.plan.steps[unit.step].first_output];
  const OutputTensor& output = state_.plan.outputs[unit.output];
  const File& from = state_.inputs.file(step.source, step.file);
  const File& to = state_.shards.files()[output.shard];
  const std::int64_t shift = step.source_offset - first.offset;  // from shard to source
  const std::int64_t end = output.offset + unit.begin + unit.bytes;
  inarch::read_ahead(from, end - unit.bytes + shift, unit.bytes);

  const std::int64_t capacity = std::min(step.bytes, digest_piece_bytes);
  auto* buffer = static_cast<std::byte*>(arena.take(capacity));
  std::int64_t begin = end - unit.bytes;  // the buffer holds [begin, held) of the shard
  std::int64_t held = begin;
  const auto write_until = [&](std::int64_t stop) {
    return write_exact_at(to, {buffer, static_cast<std::size_t>(stop - begin)}, begin);
  };
  Status status;
  for_each_piece(state_.plan, unit, [&](const Piece& piece) {
    if (piece.shard_offset + piece.bytes > held) {  // a piece lies in the buffer as a whole
      status = write_until(piece.shard_offset);
      if (!status) return false;
      begin = piece.shard_offset;
      held = std::min(begin + capacity, end);
      const std::span<std::byte> bytes(buffer, static_cast<std::size_t>(held - begin));
      status = read_exact_at(from, bytes, begin + shift);
      if (!status) return false;
    }
    const std::byte* bytes = buffer + (piece.shard_offset - begin);
    state_.pieces.set(piece, digest_piece(bytes, static_cast<std::size_t>(piece.bytes)));
    return true;
  });
  if (status.ok()) status = write_until(end);
  if (!status) return status;
  state_.inputs.count_read(unit.bytes);
  bytes_copied_ += unit.bytes;
  return {};
}

Status StepWork::finish_piece(const Piece& piece, const std::byte* bytes) {
  const auto size = static_cast<std::size_t>(piece.bytes);
  state_.pieces.set(piece, digest_piece(bytes, size));
  const File& shard = state_.shards.files()[state_.plan.outputs[piece.output].shard];
  return write_exact_at(shard, {bytes, size}, piece.shard_offset);
}

Status StepWork::move(const Program& program, const Unit& unit, Arena& arena) {
  const OutputTensor& output = state_.plan.outputs[unit.output];
  const Evaluation how = move_evaluation(program, output.dtype, state_.cut);
  const std::int64_t begin = unit.begin / how.width;
  const std::int64_t n = unit.bytes / how.width;
  read_ahead(program, static_cast<std::uint32_t>(program.size() - 1), begin, n);
  auto* bytes =
      static_cast<std::byte*>(arena.take(std::min(how.tile, program.back().count) * how.width));
  Evaluator evaluator(program, how, output.dtype, state_.inputs, arena);
  if (Status status = evaluator.evaluate(begin, n, bytes); !status) return status;
  bytes_copied_ += unit.bytes;
  Status status;
  for_each_piece(state_.plan, unit, [&](const Piece& piece) {
    status = finish_piece(piece, bytes + (piece.shard_offset - output.offset - unit.begin));
    return status.ok();
  });
  return status;
}

/// A unit that covers several steps, each of which makes one output.
Status StepWork::compute_sharing(const Unit& unit, Arena& arena) {
  Unit part = unit;
  for (std::int64_t left = unit.bytes; left > 0; ++part.step, ++part.output, part.begin = 0) {
    part.bytes = std::min(left, state_.plan.outputs[part.output].bytes - part.begin);
    left -= part.bytes;
    const std::int64_t used = arena.used();
    const auto& step = std::get<ComputeStep>(state_.plan.steps[part.step].work);
    if (Status status = compute(step.program, part, arena); !status) return status;
    arena.release_to(used);
  }
  return {};
}

Status StepWork::compute(const Program& program, const Unit& unit, Arena& arena) {
  const OutputTensor& output = state_.plan.outputs[unit.output];
  const std::int64_t width = bytes(output.dtype);
  read_ahead(program, static_cast<std::uint32_t>(program.size() - 1), unit.begin / width,
             unit.bytes / width);
  Status status = is_fused_sum(program, output.dtype) ? fused_pieces(program, unit, arena)
                                                      : compute_pieces(program, unit, arena);
  if (status.ok()) bytes_computed_ += unit.bytes;
  return status;
}

Status StepWork::compute_pieces(const Program& program, const Unit& unit, Arena& arena) {
  const OutputTensor& output = state_.plan.outputs[unit.output];
  const Evaluation how = compute_evaluation(program, output.dtype, state_.cut);
  const std::int64_t width = bytes(output.dtype);
  const std::int64_t count = program.back().count;
  const Materialised* results = nullptr;
  if (Status status = materialise(program, how, unit.step, arena, results); !status) return status;

  auto* stored =
      static_cast<std::byte*>(arena.take(std::min(digest_piece_bytes / width, count) * width));
  const bool stores = yields_stored(program);
  auto* tile =
      stores ? nullptr : static_cast<std::byte*>(arena.take(std::min(how.tile, count) * how.width));
  Evaluator evaluator(program, how, output.dtype, state_.inputs, arena);
  evaluator.use(results);
  evaluator.open_cache();
  Status status;
  for_each_piece(state_.plan, unit, [&](const Piece& piece) {
    const std::int64_t first = (piece.shard_offset - output.offset) / width;
    const std::int64_t elements = piece.bytes / width;
    for (std::int64_t done = 0; done < elements; done += how.tile) {
      const std::int64_t n = std::min(how.tile, elements - done);
      std::byte* target = stored + done * width;
      status = evaluator.evaluate(first + done, n, stores ? target : tile);
      if (!status) return false;
      if (stores) continue;
      if (how.width == 8) {
        encode(output.dtype, static_cast<const double*>(static_cast<void*>(tile)), n, target);
      } else {
        encode(output.dtype, static_cast<const float*>(static_cast<void*>(tile)), n, target);
      }
    }
    status = finish_piece(piece, stored);
    return status.ok();
  });
  return status;
}

Status StepWork::fused_pieces(const Program& program, const Unit& unit, Arena& arena) {
  const OutputTensor& output = state_.plan.outputs[unit.output];
  const Op& sum = program.back();
  const auto& op = std::get<LinearOp>(sum.data);
  const std::int64_t width = bytes(output.dtype);
  const std::int64_t tile = std::min(state_.cut.tile_elements, sum.count);
  auto* stored =
      static_cast<std::byte*>(arena.take(std::min(digest_piece_bytes / width, sum.count) * width));
  std::vector<Encoded> operands;
  std::vector<std::byte*> buffers;
  for (const std::uint32_t input : sum.inputs) {
    const DType dtype = std::get<ReadOp>(program[input].data).dtype;
    buffers.push_back(static_cast<std::byte*>(arena.take(tile * bytes(dtype))));
    operands.push_back({dtype, buffers.back()});
  }
  Status status;
  for_each_piece(state_.plan, unit, [&](const Piece& piece) {
    const std::int64_t first = (piece.shard_offset - output.offset) / width;
    const std::int64_t elements = piece.bytes / width;
    for (std::int64_t done = 0; done < elements; done += tile) {
      const std::int64_t n = std::min(tile, elements - done);
      for (std::size_t k = 0; k < operands.size(); ++k) {
        const auto& read = std::get<ReadOp>(program[sum.inputs[k]].data);
        status = state_.inputs.read(read, first + done, n, buffers[k]);
        if (!status) return false;
      }
      linear_encoded(operands, op.weights, op.bias, n, output.dtype, stored + done * width);
    }
    status = finish_piece(piece, stored);
    return status.ok();
  });
  return status;
}

Status StepWork::materialise(const Program& program, const Evaluation& how, std::uint32_t step,
                             Arena& arena, const Materialised*& results) {
  if (!has_materialised(program)) return {};
  while (state_.plan.steps[step].shares_before) --step;
  Shared* shared = nullptr;
  {
    const std::scoped_lock lock(mutex_);
    auto& entry = shared_[step];
    if (!entry) entry = std::make_unique<Shared>();
    shared = entry.get();
  }
  const std::scoped_lock lock(shared->mutex);
  if (!shared->ready) {
    const DType dtype = state_.plan.outputs[state_.plan.steps[step].first_output].dtype;
    Evaluator evaluator(program, how, dtype, state_.inputs, arena);
    if (Status status = evaluator.materialise(shared->results); !status) return status;
    for (FactorReport report : evaluator.factors_found()) {
      report.step = step;
      state_.factors.add(report);
      if (Status status = state_.journal.add(report); !status) return status;
    }
    shared->ready = true;
  }
  results = &shared->results;
  return {};
}

/// Tells the kernel what the unit will read, as far as output and input run in step.
void StepWork::read_ahead(const Program& program, std::uint32_t at, std::int64_t begin,
                          std::int64_t n) {
  const Op& op = program[at];
  if (const auto* read = std::get_if<ReadOp>(&op.data)) {
    const std::int64_t width = bytes(read->dtype);
    inarch::read_ahead(state_.inputs.file(*read), read->offset + begin * width, n * width);
    return;
  }
  if (const auto* decode = std::get_if<DecodeOp>(&op.data)) {
    const Encoding& e = *decode->encoding;
    if (scratch::decodes_rows(e)) return;
    const int values = e.codec == Codec::scaled_fp8 ? 1 : 2;  // in a byte
    const std::uint32_t codes = op.inputs[*e.find(PartRole::codes)];
    read_ahead(program, codes, begin / values, n / values);
    return;
  }
  if (const auto* encode = std::get_if<EncodeOp>(&op.data)) {
    if (encode->part != PartRole::codes) return;
    const int values = encode->encoding->codec == Codec::scaled_fp8 ? 1 : 2;  // in a byte
    read_ahead(program, op.inputs[0], begin * values,
               std::min(n * values, program[op.inputs[0]].count - begin * values));
    return;
  }
  const bool in_step = is_elementwise(op) || std::holds_alternative<LargestOp>(op.data) ||
                       std::holds_alternative<Boxed<MergeOp>>(op.data);
  if (!in_step) return;
  for (const std::uint32_t input : op.inputs) read_ahead(program, input, begin, n);
}

}  // namespace inarch
