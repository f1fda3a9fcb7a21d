#pragma once

#include <cstdint>
#include <vector>

#include "compiler/plan/plan.h"

namespace inarch {

/// How much a step takes, known to the compiler (which states the peak) and to the executor (which
/// allocates exactly this and no more).

/// How work is cut. The defaults are what plans are made for; tests take smaller ones to cross many
/// boundaries with few bytes. No choice changes a byte of the output.
struct Cut {
  /// Elements that a worker computes at a time: f32 tiles that stay in a core's cache.
  std::int64_t tile_elements = std::int64_t{64} * 1024;
  /// Bytes of output that a worker takes at a time, a multiple of digest_piece_bytes.
  std::int64_t unit_bytes = std::int64_t{4} * 1024 * 1024;
  /// The same for steps that transpose: the more columns at a time, the longer each read.
  std::int64_t transpose_unit_bytes = std::int64_t{16} * 1024 * 1024;
  /// Bytes that a copy moves at a time.
  std::int64_t copy_unit_bytes = std::int64_t{64} * 1024 * 1024;
  /// Bytes that a strided gather reads at a time.
  std::int64_t span_bytes = std::int64_t{1024} * 1024;
};

/// Elements that a worker computes at a time.
inline constexpr std::int64_t tile_elements = Cut{}.tile_elements;
/// The same where tensors are merged: so few that those of all inputs stay in the first-level
/// cache.
inline constexpr std::int64_t merge_tile_elements = std::int64_t{4} * 1024;
/// Stored bytes that are read at a time there, so that reads stay long though tiles are short.
inline constexpr std::int64_t merge_read_bytes = std::int64_t{64} * 1024;
/// Content hashes run over pieces of this size, and work is handed out in multiples of it, so
/// neither the digest nor the bytes depend on how the work was divided.
inline constexpr std::int64_t digest_piece_bytes = 1024 * 1024;
/// What the process holds before it touches a tensor: code, allocator, TBB, tables.
inline constexpr std::int64_t process_base_bytes = 48 * 1024 * 1024;

/// Bytes of scratch one worker needs to produce one tile of `program`, its output buffer included.
std::int64_t scratch_bytes(const Program& program, DType output, const Cut& cut = {});
/// Bytes of all materialised results (reductions, thresholds, right operands of matmul) of
/// `program`.
std::int64_t resident_bytes(const Program& program, DType output = DType::f32);
/// The same for any step and check; copies go through a buffer in which they are hashed.
std::int64_t scratch_bytes(const Plan& plan, const Step& step, const Cut& cut = {});
std::int64_t resident_bytes(const Plan& plan, const Step& step);
std::int64_t scratch_bytes(const PlanCheck& check, const Cut& cut = {});
std::int64_t resident_bytes(const PlanCheck& check);
/// Sets scratch_bytes and resident_bytes of every step and check, as the executor will need them.
void state_memory(Plan& plan);

/// Bytes of names, shapes, steps and journal that a run of `plan` keeps.
std::int64_t metadata_bytes(const Plan& plan);
/// True when values must be computed in f64: an operand or the output is f64.
bool needs_f64(const Program& program, DType output);
/// True when a view takes elements in an order that is far from the one they lie in.
bool transposes(const Program& program);
/// True for a sum of few stored tensors in f32, which is decoded, summed and encoded in one pass;
/// not where it is f32 that is stored and roundings of partial sums would show.
bool is_fused_sum(const Program& program, DType output);

/// How a program is evaluated: elements of width `width` (stored ones in move steps, f32 or f64
/// else), at most `tile` at a time.
struct Evaluation {
  bool raw = false;
  int width = 4;
  std::int64_t tile = 0;
  std::int64_t span_bytes = 0;
  /// Elements that a unit has; what a transposition gathers at once, so that its reads are long.
  std::int64_t window = 0;
};
Evaluation move_evaluation(const Program& program, DType output, const Cut& cut);
Evaluation compute_evaluation(const Program& program, DType output, const Cut& cut);
Evaluation check_evaluation(const Cut& cut);
/// Tiles in one unit of a check.
inline constexpr std::int64_t check_unit_tiles = 16;
/// Bytes of output in one unit of a move or compute step.
std::int64_t unit_bytes(const Program& program, const Cut& cut);

/// The buffers behind the sizes above; the executor allocates by these very functions.
namespace scratch {

/// Weighted sums of so many operands or more have f64 accumulators.
inline constexpr std::size_t wide_operands = 3;
/// Every buffer starts on such a boundary, and sizes are rounded up to it.
inline constexpr std::int64_t alignment = 64;
std::int64_t buffer_bytes(std::int64_t elements, std::int64_t width);
/// Rows of a product that are computed at once. Sums inside a product may depend on this number, so
/// it depends on the shapes alone.
std::int64_t matmul_rows(const MatmulOp& op);
/// Concatenations of blocks so short that whole rows are gathered input by input.
bool is_fine_concat(const ConcatOp& op);
/// Rows so short that take() looks at a window of the input instead of at each row.
bool is_fine_take(const TakeOp& op, const Evaluation& how);
/// By op: views that gather stored elements against the grain and whose elements are asked for in
/// the order of the output. They gather a window and keep it for the tiles that follow.
std::vector<bool> windowed_views(const Program& program, const Evaluation& how);
/// By op: what is read from a file and used more than once where tensors are merged. The last tile
/// of it is kept, as the base of a merge is wanted once for every other model.
std::vector<bool> shared_reads(const Program& program, const Evaluation& how);
/// By op: what is read element by element where tensors are merged. A window of the stored elements
/// is kept, from which tiles are decoded.
std::vector<bool> windowed_reads(const Program& program, const Evaluation& how);
std::int64_t read_window_elements(const Op& read);
/// Thinnings (is_thinning) about whose runs something is to be found, in groups that go through
/// their passes together, each as soon as its last op has its turn: nothing that is materialised
/// before that depends on any of them.
std::vector<std::vector<std::uint32_t>> lockstep_thinnings(const Program& program,
                                                           const Evaluation& how);
/// Elements in the window of such a view.
std::int64_t window_elements(const Op& view, const Evaluation& how);
/// How a reduction goes over its input: a row of an axis without inner dimensions is dealt out to
/// lanes, so that sums run side by side. Outer slices that fit a tile are read several at once,
/// others in portions of rows.
struct ReduceShape {
  std::int64_t lanes = 1;    // > 1: the axis is [axis / lanes, lanes] and a rest
  std::int64_t columns = 1;  // sums at a time
  std::int64_t outers = 0;   // slices at a time; 0: a slice is cut
  std::int64_t rows = 0;     // rows of `columns` at a time, when a slice is cut
  std::int64_t buffer = 0;   // elements of input at a time
};
ReduceShape reduce_shape(const ReduceOp& op, const Evaluation& how);
inline constexpr std::int64_t reduce_lanes = 64;
/// Bins of the histogram from which the largest magnitudes are selected.
inline constexpr std::int64_t magnitude_bins = 65536;
/// What a threshold takes.
inline constexpr std::int64_t cutoff_bytes = 16;
/// What finding one takes.
std::int64_t largest_bytes(const LargestOp& op, const Evaluation& how);
/// What is kept in memory of a part of an encoded tensor, or while one is made: scales and maps as
/// F32, zero points and groups as they are, and the codes where rows of values are columns of them.
std::int64_t kept_part_bytes(const Encoding& encoding, PartRole role);
std::int64_t kept_bytes(const Encoding& encoding);
/// What finding the factors of a matrix takes, the matrix itself included.
std::int64_t low_rank_bytes(const LowRankOp& op, bool weighted);
/// Decoded whole rows at a time, of which parts may be asked for.
bool decodes_rows(const Encoding& encoding);

/// Whether a part takes what the scales are made of, which is found in a first pass and kept: a
/// number for each block, and one more.
bool encodes_scales(const EncodeOp& op);
std::int64_t encoded_scales_bytes(const EncodeOp& op);
/// Values that are encoded in one go: whole blocks, where these are flat.
std::int64_t encode_chunk(const Encoding& encoding, const Evaluation& how);
/// What the stored codes of `n` values take, wherever these begin.
std::int64_t code_bytes(const Encoding& encoding, std::int64_t n);
/// Elements of a stored tensor that a view reads at a time.
std::int64_t span_elements(const Op& read, const Evaluation& how);
/// What one evaluation of op `at` takes beside its target, inputs included.
std::int64_t stack_bytes(const Program& program, std::uint32_t at, const Evaluation& how);
/// What computing the materialised results takes at most, beside the results.
std::int64_t materialise_bytes(const Program& program, const Evaluation& how);
/// What a unit keeps between its tiles: blocks of products, windows of transpositions.
std::int64_t unit_cache_bytes(const Program& program, const Evaluation& how);
/// Bytes of the materialised results.
std::int64_t resident_bytes(const Program& program, int width);

}  // namespace scratch

}  // namespace inarch
