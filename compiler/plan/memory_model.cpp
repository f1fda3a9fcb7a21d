#include "compiler/plan/memory_model.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <limits>
#include <type_traits>

#include "compiler/plan/low_rank_memory.h"
#include "compiler/plan/merge_memory.h"
#include "compiler/support/saturating.h"

namespace inarch {

namespace {

std::int64_t add(std::int64_t a, std::int64_t b) { return saturating_add(a, b); }
std::int64_t multiply(std::int64_t a, std::int64_t b) { return saturating_multiply(a, b); }
std::int64_t buffer(std::int64_t elements, std::int64_t width) {
  return scratch::buffer_bytes(elements, width);
}

template <typename T>
const T* op_if(const Op& op) {
  if constexpr (std::is_same_v<T, LowRankOp> || std::is_same_v<T, MergeOp>) {
    return if_boxed<T>(op.data);
  } else {
    return std::get_if<T>(&op.data);
  }
}

bool reads_against_the_grain(const ViewOp& view) {
  std::int64_t inner = 0;  // the stride of the innermost loop that moves
  for (auto dim = view.dims.rbegin(); dim != view.dims.rend(); ++dim) {
    const std::int64_t stride = std::abs(dim->stride);
    if (dim->size <= 1 || stride == 0) continue;
    if (inner == 0) {
      inner = stride;
    } else if (stride < inner) {
      return true;
    }
  }
  return false;
}

bool merges(const Program& program) {
  return std::any_of(program.begin(), program.end(),
                     [](const Op& op) { return op_if<MergeOp>(op) != nullptr; });
}

bool has_f64(const Program& program) {
  return std::any_of(program.begin(), program.end(), [](const Op& op) {
    const auto* read = op_if<ReadOp>(op);
    return read != nullptr && read->dtype == DType::f64;
  });
}

}  // namespace

bool needs_f64(const Program& program, DType output) {
  return output == DType::f64 || has_f64(program);
}

bool transposes(const Program& program) {
  return std::any_of(program.begin(), program.end(), [](const Op& op) {
    const auto* view = op_if<ViewOp>(op);
    return view != nullptr && reads_against_the_grain(*view);
  });
}

bool is_fused_sum(const Program& program, DType output) {
  constexpr std::size_t most_inputs = 8;
  if (program.empty() || needs_f64(program, output)) return false;
  const Op& sum = program.back();
  if (op_if<LinearOp>(sum) == nullptr || sum.inputs.empty() || sum.inputs.size() > most_inputs) {
    return false;
  }
  if (output == DType::f32 && sum.inputs.size() >= scratch::wide_operands) return false;
  return std::all_of(sum.inputs.begin(), sum.inputs.end(),
                     [&](std::uint32_t input) { return op_if<ReadOp>(program[input]) != nullptr; });
}

std::int64_t unit_bytes(const Program& program, const Cut& cut) {
  // A product computes whole blocks of rows; longer units cut fewer of them in two.
  const bool has_product = std::any_of(program.begin(), program.end(),
                                       [](const Op& op) { return op_if<MatmulOp>(op) != nullptr; });
  return has_product || transposes(program) ? cut.transpose_unit_bytes : cut.unit_bytes;
}

Evaluation move_evaluation(const Program& program, DType output, const Cut& cut) {
  const int width = bytes(output);
  const std::int64_t tile = unit_bytes(program, cut) / width;
  return {true, width, tile, cut.span_bytes, tile};
}

Evaluation compute_evaluation(const Program& program, DType output, const Cut& cut) {
  const std::int64_t window = unit_bytes(program, cut) / bytes(output);
  const std::int64_t tile =
      merges(program) ? std::min(cut.tile_elements, merge_tile_elements) : cut.tile_elements;
  return {false, needs_f64(program, output) ? 8 : 4, tile, cut.span_bytes, window};
}

Evaluation check_evaluation(const Cut& cut) {
  return {false, 8, cut.tile_elements, cut.span_bytes, check_unit_tiles * cut.tile_elements};
}

namespace scratch {

std::int64_t buffer_bytes(std::int64_t elements, std::int64_t width) {
  const std::int64_t most = std::numeric_limits<std::int64_t>::max() - alignment;
  const std::int64_t size = std::min(saturating_multiply(elements, width), most);
  return (size + alignment - 1) / alignment * alignment;
}

std::int64_t matmul_rows(const MatmulOp& op) {
  constexpr std::int64_t block_elements = std::int64_t{1} << 20;
  const std::int64_t widest = std::max({op.k, op.n, std::int64_t{1}});
  const std::int64_t rows = std::clamp<std::int64_t>(block_elements / widest, 1, 64);
  return static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(rows)));
}

bool is_fine_concat(const ConcatOp& op) {
  constexpr std::int64_t short_block = 1024;
  return op.outer > 1 && std::any_of(op.blocks.begin(), op.blocks.end(), [](std::int64_t block) {
           return block > 0 && block < short_block;
         });
}

bool is_fine_take(const TakeOp& op, const Evaluation& how) {
  constexpr std::int64_t short_row_bytes = 4096;
  return op.inner < short_row_bytes / how.width && op.inner <= how.tile;
}

std::vector<bool> windowed_views(const Program& program, const Evaluation& how) {
  std::vector<bool> windowed(program.size());
  if (how.raw || program.empty()) return windowed;
  std::vector<bool> in_step(program.size());
  in_step.back() = true;
  for (std::size_t at = program.size(); at-- > 0;) {
    if (!in_step[at]) continue;
    const Op& op = program[at];
    if (const auto* view = op_if<ViewOp>(op)) {
      windowed[at] =
          op_if<ReadOp>(program[op.inputs[0]]) != nullptr && reads_against_the_grain(*view);
    }
    const bool in_order = is_elementwise(op) || op_if<LargestOp>(op) != nullptr ||
                          op_if<MergeOp>(op) != nullptr || op_if<EncodeOp>(op) != nullptr;
    if (!in_order) continue;
    for (const std::uint32_t input : op.inputs) in_step[input] = true;
  }
  return windowed;
}

std::vector<bool> shared_reads(const Program& program, const Evaluation& how) {
  std::vector<bool> shared(program.size());
  if (how.raw || !merges(program)) return shared;
  std::vector<int> uses(program.size());
  for (const Op& op : program) {
    for (const std::uint32_t input : op.inputs) ++uses[input];
  }
  for (std::size_t at = 0; at < program.size(); ++at) {
    const Op& op = program[at];
    const bool reads = op_if<ReadOp>(op) != nullptr || op_if<DecodeOp>(op) != nullptr;
    shared[at] = reads && uses[at] > 1;
  }
  return shared;
}

std::vector<bool> windowed_reads(const Program& program, const Evaluation& how) {
  std::vector<bool> windowed(program.size());
  if (how.raw || !merges(program)) return windowed;
  for (const Op& op : program) {
    if (!is_elementwise(op) && op_if<MergeOp>(op) == nullptr) continue;
    for (const std::uint32_t input : op.inputs)
      windowed[input] = op_if<ReadOp>(program[input]) != nullptr;
  }
  return windowed;
}

std::int64_t read_window_elements(const Op& read) {
  return std::min(merge_read_bytes / bytes(std::get<ReadOp>(read.data).dtype), read.count);
}

namespace {

const MergeOp* thinning_of_runs(const Op& op) {
  const auto* merge = op_if<MergeOp>(op);
  return merge != nullptr && is_thinning(merge->merge) && is_merge_of_runs(op) ? merge : nullptr;
}

/// By op: whether it needs one of the group.
std::vector<bool> users_of(const Program& program, const std::vector<std::uint32_t>& group) {
  std::vector<bool> uses(program.size());
  for (const std::uint32_t member : group) uses[member] = true;
  for (std::size_t at = 0; at < program.size(); ++at) {
    for (const std::uint32_t input : program[at].inputs)
      if (uses[input]) uses[at] = true;
  }
  return uses;
}

}  // namespace

std::vector<std::vector<std::uint32_t>> lockstep_thinnings(const Program& program,
                                                           const Evaluation& how) {
  std::vector<std::vector<std::uint32_t>> groups;
  std::vector<bool> uses;  // of the last group
  for (std::uint32_t at = 0; at < program.size(); ++at) {
    const Op& op = program[at];
    if (!is_materialised(op)) continue;
    const bool is_open = !groups.empty() && !uses.empty() && !uses[at];
    if (!is_open) uses.clear();
    const MergeOp* thinning = thinning_of_runs(op);
    if (thinning == nullptr) continue;
    const auto joins = [&](const std::vector<std::uint32_t>& group) {
      const MergeOp& first = *op_if<MergeOp>(program[group.front()]);
      return goes_in_step(first, *thinning) &&
             static_cast<std::int64_t>(group.size()) < most_in_lockstep(first, how.tile);
    };
    if (!is_open || !joins(groups.back())) groups.emplace_back();
    groups.back().push_back(at);
    uses = users_of(program, groups.back());
  }
  return groups;
}

std::int64_t window_elements(const Op& view, const Evaluation& how) {
  return std::min(std::max(how.window, how.tile), view.count);
}

ReduceShape reduce_shape(const ReduceOp& op, const Evaluation& how) {
  const std::int64_t lanes = op.inner == 1 ? reduce_lanes : 1;
  const std::int64_t width = multiply(op.inner, lanes);
  ReduceShape shape;
  shape.lanes = lanes;
  shape.columns = lanes > 1 ? width : std::min(std::max<std::int64_t>(width, 1), how.tile);
  const std::int64_t outer = multiply(op.axis, op.inner);
  if (outer > 0 && outer <= how.tile) {
    shape.outers =
        std::clamp<std::int64_t>(how.tile / outer, 1, std::max<std::int64_t>(op.outer, 1));
    shape.buffer = shape.outers * outer;
    return shape;
  }
  shape.rows = shape.columns == width ? std::max<std::int64_t>(how.tile / shape.columns, 1) : 1;
  shape.buffer = multiply(shape.rows, shape.columns);
  return shape;
}

std::int64_t largest_bytes(const LargestOp& op, const Evaluation& how) {
  const std::int64_t tile = buffer(std::min(how.tile, multiply(op.groups, op.size)), how.width);
  // A group that fits a tile is selected from in a copy, a larger one by a histogram.
  const std::int64_t work = op.size <= how.tile ? buffer(op.size, how.width)
                                                : buffer(magnitude_bins, sizeof(std::int64_t));
  return add(tile, work);
}

std::int64_t span_elements(const Op& read, const Evaluation& how) {
  const int width = bytes(std::get<ReadOp>(read.data).dtype);
  return std::clamp<std::int64_t>(how.span_bytes / width, 1, std::max<std::int64_t>(read.count, 1));
}

std::int64_t low_rank_bytes(const LowRankOp& op, bool weighted) {
  const std::int64_t matrix = buffer(multiply(op.rows, op.columns), sizeof(float));
  const std::int64_t moments = weighted ? buffer(op.columns, sizeof(float)) : 0;
  const std::int64_t values = op.is_open() ? buffer(op.rank, sizeof(double)) : 0;
  return add(add(matrix, moments), add(values, buffer(low_rank_scratch(op, weighted), 1)));
}

namespace {

std::int64_t view_bytes(const Program& program, const Op& op, const Evaluation& how,
                        std::int64_t input_bytes) {
  const Op& input = program[op.inputs[0]];
  const auto* read = op_if<ReadOp>(input);
  if (read == nullptr) {
    return add(buffer(std::min(how.tile, input.count), how.width), input_bytes);
  }
  const int width = bytes(read->dtype);
  const std::int64_t span = buffer(span_elements(input, how), width);
  return how.raw ? span : add(span, buffer(std::min(how.tile, op.count), width));
}

std::int64_t read_bytes(const Op& op, const ReadOp& read, const Evaluation& how) {
  const DType computed = how.width == 8 ? DType::f64 : DType::f32;
  if (how.raw || read.dtype == computed) return 0;  // straight into the target
  return buffer(std::min(how.tile, op.count), bytes(read.dtype));
}

std::int64_t decode_bytes(const Encoding& encoding, std::int64_t n, const Evaluation& how) {
  std::int64_t total = buffer(code_bytes(encoding, n), 1);
  if (decodes_rows(encoding)) total = add(total, buffer(encoding.columns, sizeof(float)));
  return how.width == 8 ? add(total, buffer(n, sizeof(float))) : total;
}

/// Values to encode: as they are computed, and as f32.
std::int64_t chunk_bytes(const Encoding& encoding, const Evaluation& how) {
  const std::int64_t chunk = encode_chunk(encoding, how);
  return add(buffer(chunk, sizeof(float)), how.width == 8 ? buffer(chunk, how.width) : 0);
}

std::int64_t encode_bytes(const EncodeOp& op, const Evaluation& how, std::int64_t input_bytes) {
  const Encoding& e = *op.encoding;
  switch (op.part) {
    case PartRole::codes: {
      const bool direct = e.codec == Codec::scaled_fp8;
      const std::int64_t packed = direct ? 0 : buffer(encode_chunk(e, how) / 2 + 1, 1);
      return add(add(chunk_bytes(e, how), packed), input_bytes);
    }
    case PartRole::scales:
    case PartRole::nested_scales:
      return buffer(e.nested_block, 1);
    default:
      return 0;
  }
}

/// What reading the parts takes that are not kept as they are stored.
std::int64_t part_bytes(const Encoding& encoding, const Evaluation& how) {
  std::int64_t total = buffer(std::min(how.tile, encoding.block_count()), sizeof(double));
  for (const PartRole role : {PartRole::nested_scales, PartRole::nested_map}) {
    if (encoding.find(role)) total = add(total, buffer(*part_count(encoding, role), sizeof(float)));
  }
  if (encoding.find(PartRole::state))
    total = add(total, buffer(*part_count(encoding, PartRole::state), 1));
  return total;
}

/// stack_bytes of one op whose inputs need at most `input_bytes`.
std::int64_t own_bytes(const Program& program, const Op& op, const Evaluation& how,
                       std::int64_t input_bytes) {
  const std::int64_t limit = std::min(how.tile, op.count);
  if (const auto* read = op_if<ReadOp>(op)) return read_bytes(op, *read, how);
  if (op_if<ViewOp>(op) != nullptr) return view_bytes(program, op, how, input_bytes);
  if (const auto* concat = op_if<ConcatOp>(op)) {
    return add(is_fine_concat(*concat) ? buffer(limit, how.width) : 0, input_bytes);
  }
  if (const auto* take = op_if<TakeOp>(op)) {
    const std::int64_t window = std::min(how.tile, program[op.inputs[0]].count);
    return add(is_fine_take(*take, how) ? buffer(window, how.width) : 0, input_bytes);
  }
  if (op_if<LinearOp>(op) != nullptr && op.inputs.size() >= wide_operands)
    return add(buffer(limit, sizeof(double)), input_bytes);
  if (is_elementwise(op)) {
    return add(op.inputs.size() > 1 ? buffer(limit, how.width) : 0, input_bytes);
  }
  if (op_if<ReduceOp>(op) != nullptr || op_if<LowRankOp>(op) != nullptr ||
      op_if<HoldOp>(op) != nullptr)
    return 0;
  if (const auto* merge = op_if<MergeOp>(op)) {
    return add(merge_apply_bytes(*merge, op.inputs.size(), how.tile, how.width), input_bytes);
  }
  if (const auto* decode = op_if<DecodeOp>(op)) return decode_bytes(*decode->encoding, limit, how);
  if (const auto* encode = op_if<EncodeOp>(op)) return encode_bytes(*encode, how, input_bytes);
  if (const auto* product = op_if<MatmulOp>(op)) {
    const std::int64_t rows = std::min(matmul_rows(*product), product->m);
    return add(buffer(multiply(rows, product->k), how.width), input_bytes);
  }
  return input_bytes;
}

/// stack_bytes of every op.
std::vector<std::int64_t> all_stack_bytes(const Program& program, const Evaluation& how) {
  std::vector<std::int64_t> sizes;
  sizes.reserve(program.size());
  for (const Op& op : program) {
    std::int64_t of_inputs = 0;
    const auto* product = op_if<MatmulOp>(op);
    for (const std::uint32_t input : op.inputs) {
      if (product != nullptr && input != op.inputs[0]) continue;  // materialised
      of_inputs = std::max(of_inputs, sizes[input]);
    }
    sizes.push_back(own_bytes(program, op, how, of_inputs));
  }
  return sizes;
}

}  // namespace

std::int64_t stack_bytes(const Program& program, std::uint32_t at, const Evaluation& how) {
  return all_stack_bytes(program, how)[at];
}

std::int64_t unit_cache_bytes(const Program& program, const Evaluation& how) {
  std::int64_t total = 0;
  const std::vector<bool> windowed = windowed_views(program, how);
  const std::vector<bool> shared = shared_reads(program, how);
  const std::vector<bool> reads = windowed_reads(program, how);
  for (std::size_t at = 0; at < program.size(); ++at) {
    const Op& op = program[at];
    if (shared[at]) total = add(total, buffer(std::min(how.tile, op.count), how.width));
    if (reads[at]) {
      const int width = bytes(std::get<ReadOp>(op.data).dtype);
      total = add(total, buffer(read_window_elements(op), width));
    }
    if (windowed[at]) {
      const auto& read = std::get<ReadOp>(program[op.inputs[0]].data);
      total = add(total, buffer(window_elements(op, how), bytes(read.dtype)));
    }
    if (const auto* merge = op_if<MergeOp>(op))
      total = add(total, merge_cache_bytes(*merge, how.tile, how.width));
    const auto* product = op_if<MatmulOp>(op);
    if (product == nullptr) continue;
    const std::int64_t rows = std::min(matmul_rows(*product), product->m);
    total = add(total, buffer(multiply(rows, product->n), how.width));
  }
  return total;
}

std::int64_t materialise_bytes(const Program& program, const Evaluation& how) {
  const std::vector<std::int64_t> sizes = all_stack_bytes(program, how);
  std::int64_t most = 0;
  for (const Op& op : program) {
    if (const auto* reduce = op_if<ReduceOp>(op)) {
      const ReduceShape shape = reduce_shape(*reduce, how);
      const std::int64_t sums = buffer(shape.columns, sizeof(double));
      const std::int64_t rows = buffer(shape.buffer, how.width);
      most = std::max(most, add(add(2 * sums, rows), sizes[op.inputs[0]]));
    } else if (const auto* largest = op_if<LargestOp>(op)) {
      most = std::max(most, add(largest_bytes(*largest, how), sizes[op.inputs[0]]));
    } else if (op_if<MatmulOp>(op) != nullptr) {
      most = std::max(most, sizes[op.inputs[1]]);
    } else if (op_if<HoldOp>(op) != nullptr) {
      most = std::max(most, sizes[op.inputs[0]]);
    } else if (const auto* decode = op_if<DecodeOp>(op)) {
      most = std::max(most, part_bytes(*decode->encoding, how));
    } else if (const auto* encode = op_if<EncodeOp>(op)) {
      if (encodes_scales(*encode))
        most = std::max(most, add(chunk_bytes(*encode->encoding, how), sizes[op.inputs[0]]));
    } else if (const auto* merge = op_if<MergeOp>(op)) {
      std::int64_t inputs = 0;
      for (const std::uint32_t input : op.inputs) inputs = std::max(inputs, sizes[input]);
      most = std::max(most,
                      add(merge_pass_bytes(*merge, op.inputs.size(), how.tile, how.width), inputs));
    } else if (const auto* factors = op_if<LowRankOp>(op)) {
      const std::int64_t tile = how.width == 8 ? buffer(how.tile, how.width) : 0;
      const std::int64_t inputs = std::max(sizes[op.inputs[0]], sizes[op.inputs.back()]);
      most = std::max(most, add(low_rank_bytes(*factors, op.inputs.size() > 1), add(tile, inputs)));
    }
  }
  std::int64_t together = 0;
  for (const auto& group : lockstep_thinnings(program, how)) {
    const MergeOp& first = *op_if<MergeOp>(program[group.front()]);
    const auto more = static_cast<std::int64_t>(group.size()) - 1;
    together = std::max(together, multiply(more, lockstep_bytes(first, how.tile)));
  }
  return add(add(most, together), unit_cache_bytes(program, how));
}

std::int64_t resident_bytes(const Program& program, int width) {
  std::int64_t total = 0;
  for (const Op& op : program) {
    const bool holds_values = op_if<ReduceOp>(op) != nullptr || op_if<HoldOp>(op) != nullptr;
    if (holds_values) total = add(total, buffer(op.count, width));
    if (const auto* largest = op_if<LargestOp>(op)) {
      total = add(total, buffer(largest->groups, cutoff_bytes));
    }
    if (op_if<MatmulOp>(op) != nullptr) {
      total = add(total, buffer(program[op.inputs[1]].count, width));
    }
    if (const auto* decode = op_if<DecodeOp>(op)) total = add(total, kept_bytes(*decode->encoding));
    if (const auto* encode = op_if<EncodeOp>(op)) total = add(total, encoded_scales_bytes(*encode));
    if (op_if<LowRankOp>(op) != nullptr) total = add(total, buffer(op.count, sizeof(float)));
    if (const auto* merge = op_if<MergeOp>(op))
      total = add(total, buffer(merge_state_bytes(*merge, op.inputs.size()), 1));
  }
  return total;
}

namespace {

std::int64_t fused_sum_bytes(const Program& program, const Cut& cut) {
  std::int64_t total = 0;
  for (const std::uint32_t input : program.back().inputs) {
    const Op& op = program[input];
    total = add(total, buffer(std::min(cut.tile_elements, op.count),
                              bytes(std::get<ReadOp>(op.data).dtype)));
  }
  return total;
}

std::int64_t last_stack_bytes(const Program& program, const Evaluation& how) {
  if (program.empty()) return 0;
  return stack_bytes(program, static_cast<std::uint32_t>(program.size() - 1), how);
}

/// Of a move step: the whole unit is gathered in one buffer and written from there.
std::int64_t move_bytes(const Program& program, DType output, const Cut& cut) {
  const Evaluation how = move_evaluation(program, output, cut);
  const std::int64_t unit = std::min(how.tile, program.back().count);
  return add(buffer(unit, how.width), last_stack_bytes(program, how));
}

std::int64_t compute_bytes(const Program& program, DType output, const Cut& cut) {
  const Evaluation how = compute_evaluation(program, output, cut);
  const std::int64_t count = program.back().count;
  const int width = bytes(output);
  const std::int64_t piece = buffer(std::min(digest_piece_bytes / width, count), width);
  if (is_fused_sum(program, output)) return add(piece, fused_sum_bytes(program, cut));
  const std::int64_t tile =
      yields_stored(program) ? 0 : buffer(std::min(how.tile, count), how.width);
  std::int64_t unit = add(add(piece, tile), unit_cache_bytes(program, how));
  unit = add(unit, last_stack_bytes(program, how));
  return std::max(unit, materialise_bytes(program, how));
}

/// Both sides are evaluated tile by tile in turn, so their caches live side by side.
std::int64_t check_bytes(const PlanCheck& check, const Cut& cut) {
  const Evaluation how = check_evaluation(cut);
  const std::int64_t count = check.left.empty() ? 0 : check.left.back().count;
  const int sides = check.right.empty() ? 1 : 2;
  const std::int64_t tiles = sides * buffer(std::min(how.tile, count), how.width);
  const std::int64_t caches =
      add(unit_cache_bytes(check.left, how), unit_cache_bytes(check.right, how));
  const std::int64_t stack =
      std::max(last_stack_bytes(check.left, how), last_stack_bytes(check.right, how));
  return std::max({add(add(tiles, caches), stack), materialise_bytes(check.left, how),
                   materialise_bytes(check.right, how)});
}

}  // namespace
}  // namespace scratch

std::int64_t scratch_bytes(const Program& program, DType output, const Cut& cut) {
  if (program.empty()) return 0;
  return scratch::compute_bytes(program, output, cut);
}

std::int64_t resident_bytes(const Program& program, DType output) {
  return scratch::resident_bytes(program, needs_f64(program, output) ? 8 : 4);
}

std::int64_t scratch_bytes(const Plan& plan, const Step& step, const Cut& cut) {
  if (const auto* copy = std::get_if<CopyStep>(&step.work)) {
    return buffer(std::min(copy->bytes, digest_piece_bytes), 1);
  }
  const DType dtype = plan.outputs[step.first_output].dtype;
  if (const auto* move = std::get_if<MoveStep>(&step.work)) {
    return scratch::move_bytes(move->program, dtype, cut);
  }
  return scratch_bytes(std::get<ComputeStep>(step.work).program, dtype, cut);
}

std::int64_t resident_bytes(const Plan& plan, const Step& step) {
  const auto* compute = std::get_if<ComputeStep>(&step.work);
  if (compute == nullptr) return 0;
  return resident_bytes(compute->program, plan.outputs[step.first_output].dtype);
}

std::int64_t scratch_bytes(const PlanCheck& check, const Cut& cut) {
  return scratch::check_bytes(check, cut);
}

std::int64_t resident_bytes(const PlanCheck& check) {
  return add(scratch::resident_bytes(check.left, 8), scratch::resident_bytes(check.right, 8));
}

void state_memory(Plan& plan) {
  for (Step& step : plan.steps) {
    step.scratch_bytes = scratch_bytes(plan, step);
    step.resident_bytes = resident_bytes(plan, step);
  }
  for (PlanCheck& check : plan.checks) {
    check.scratch_bytes = scratch_bytes(check);
    check.resident_bytes = resident_bytes(check);
  }
}

}  // namespace inarch
