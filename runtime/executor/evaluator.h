#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "compiler/plan/memory_model.h"
#include "compiler/plan/plan.h"
#include "compiler/support/result.h"
#include "runtime/executor/arena.h"
#include "runtime/executor/factor_report.h"
#include "runtime/executor/input_files.h"

namespace inarch {

struct Cutoff;
struct Thinning;

/// Results of a program that are computed once, before its tiles: reductions, thresholds
/// and right operands.
struct Materialised {
  std::vector<Block> blocks;  // by op; empty where the op has none
  const std::byte* of(std::uint32_t op) const { return blocks[op].data(); }
};

/// Evaluates parts of a program by recursive descent: an op asks its inputs for the elements that
/// it needs, so that nothing but what stack_bytes() of the memory model counts is ever held. Takes
/// that from the arena. One thread per object; `program` must have passed check_plan().
class Evaluator {
 public:
  Evaluator(const Program& program, const Evaluation& how, DType output, const InputFiles& inputs,
            Arena& arena);

  /// Must have been materialised before evaluate() when the program has such ops.
  void use(const Materialised* materialised) { materialised_ = materialised; }
  /// Takes the memory that is kept between calls (unit_cache_bytes) from the arena.
  void open_cache();
  /// Elements [begin, begin + n) of the last op, n ≤ how.tile: of how.width bytes each.
  Status evaluate(std::int64_t begin, std::int64_t n, std::byte* target);
  /// Computes all of them; `into` gets the blocks as they are done.
  Status materialise(Materialised& into);
  /// What the factorisations among them came to.
  const std::vector<FactorReport>& factors_found() const { return factors_found_; }

 private:
  /// Rows that are only computed as wholes: of products, and of what depends on ranks.
  struct RowCache {
    std::byte* rows = nullptr;
    std::int64_t block = -1;  // which block of rows it holds
  };

  /// The last tile of what several ops ask for.
  struct SharedTile {
    std::byte* values = nullptr;  // none: it is not shared
    std::int64_t begin = 0;
    std::int64_t n = 0;
  };

  /// Stored elements [begin, end) of what a view takes from a file, or of a read.
  struct Window {
    std::byte* stored = nullptr;  // none: it has no window
    std::int64_t begin = 0;
    std::int64_t end = 0;
    std::int64_t asked = 0;  // where the last part that was wanted of a read ends
  };

  bool eval(std::uint32_t at, std::int64_t begin, std::int64_t n, std::byte* target);
  bool add_up(const LinearOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
              std::byte* target);
  bool is_shared(std::uint32_t at) const {
    return !shared_.empty() && shared_[at].values != nullptr;
  }
  /// Where the elements lie once they are computed, or null: in the tile that is kept of an op that
  /// is shared, which its next evaluation overwrites, or else in `room`.
  const std::byte* look_at(std::uint32_t at, std::int64_t begin, std::int64_t n, std::byte* room);
  bool eval_long(std::uint32_t at, std::int64_t begin, std::int64_t n, std::byte* target);

  bool apply(const ReadOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
             std::byte* target);
  bool apply(const FillOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
             std::byte* target);
  bool apply(const RandomOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
             std::byte* target);
  bool apply(const IdentityOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
             std::byte* target);
  bool apply(const ViewOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
             std::byte* target);
  bool apply(const ConcatOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
             std::byte* target);
  bool apply(const TakeOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
             std::byte* target);
  bool apply(const LinearOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
             std::byte* target);
  bool apply(const ProductOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
             std::byte* target);
  bool apply(const ClampOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
             std::byte* target);
  bool apply(const RoundOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
             std::byte* target);
  bool apply(const QuotientOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
             std::byte* target);
  bool apply(const MapOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
             std::byte* target);
  /// Of what was computed before the first tile.
  bool copy_held(std::uint32_t at, std::int64_t begin, std::int64_t n, std::byte* target) const;
  bool apply(const HoldOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
             std::byte* target);
  bool apply(const LargestOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
             std::byte* target);
  bool apply(const ReduceOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
             std::byte* target);
  bool apply(const MatmulOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
             std::byte* target);

  bool apply(const DecodeOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
             std::byte* target);
  bool apply(const EncodeOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
             std::byte* target);
  bool apply(const LowRankOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
             std::byte* target);

  bool apply(const MergeOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
             std::byte* target);

  // evaluator_merge.cpp: tiles of merges
  /// All inputs of an op, side by side.
  template <typename T>
  bool eval_inputs(std::uint32_t at, std::int64_t begin, std::int64_t n, std::span<T* const> into);
  template <typename T>
  std::vector<T*> take_buffers(std::size_t count, std::int64_t elements);
  template <typename T>
  bool merge_part(const MergeOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
                  T* target);
  template <typename T>
  bool blend_part(const MergeOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
                  T* target);
  template <typename T>
  bool thin_part(const MergeOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
                 T* target);
  template <typename T>
  bool copy_ranked(const MergeOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
                   T* target, double* lanes = nullptr);  // of magnitudes before
  template <typename T>
  bool scale_runs(const MergeOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
                  T* values);
  template <typename T>
  bool rank_rows(const MergeOp& op, std::uint32_t at, std::int64_t block, double* lanes);

  // evaluator_{blend,thinning,sce,fusion}.cpp: what is known of whole runs
  bool materialise_merge(const MergeOp& op, std::uint32_t at, std::byte* state);
  bool materialise_op(const Op& op, std::uint32_t at, Materialised& into);
  template <typename T>
  bool find_blend(const MergeOp& op, std::uint32_t at, std::byte* state);
  /// Of a group of lockstep_thinnings().
  struct ThinnedRuns;
  bool materialise_thinnings(std::span<const std::uint32_t> group, Materialised& into);
  template <typename T>
  bool find_cutoffs(std::span<const ThinnedRuns> group);
  template <typename T>
  bool search_cutoffs(std::span<const ThinnedRuns> group, std::int64_t run);
  template <typename T>
  bool find_factors(std::span<const ThinnedRuns> group);
  template <typename T>
  bool thin_portion(const ThinnedRuns& thinned, std::int64_t run, std::int64_t done, std::int64_t n,
                    T* values, double* lanes);
  template <typename T>
  bool find_sce(const MergeOp& op, std::uint32_t at, std::byte* state);
  template <typename T>
  bool find_variance_cutoff(const MergeOp& op, std::uint32_t at, std::int64_t run, Cutoff& found);
  template <typename T>
  bool find_ram(const MergeOp& op, std::uint32_t at, std::byte* state);
  template <typename T>
  bool find_fusion(const MergeOp& op, std::uint32_t at, std::byte* state);
  template <typename T>
  bool find_divergence(const MergeOp& op, std::uint32_t at, std::int64_t row, double& found);
  template <typename T>
  bool find_importances(const MergeOp& op, std::uint32_t at, const double* divergences,
                        std::int64_t begin, std::int64_t n, T* out);
  template <typename T>
  bool find_quartiles(const MergeOp& op, std::uint32_t at, const double* divergences,
                      std::int64_t run, std::span<double, 3> quartiles);

  bool view_of_read(const ViewOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
                    std::byte* target);
  bool gather_stored(const ViewOp& op, const Op& self, std::int64_t begin, std::int64_t n,
                     std::byte* target);
  bool view_of_computed(const ViewOp& op, const Op& self, std::int64_t begin, std::int64_t n,
                        std::byte* target);
  bool concat_blocks(const ConcatOp& op, const Op& self, std::int64_t row, std::int64_t begin,
                     std::int64_t n, std::byte* target);
  bool concat_rows(const ConcatOp& op, const Op& self, std::int64_t row, std::int64_t first_row,
                   std::int64_t rows, std::byte* target);
  bool take_rows(const TakeOp& op, const Op& self, std::int64_t begin, std::int64_t n,
                 std::byte* target);
  bool take_windows(const TakeOp& op, const Op& self, std::int64_t begin, std::int64_t n,
                    std::byte* target);
  bool compute_product_rows(const MatmulOp& op, std::uint32_t at, std::int64_t block);
  bool materialise_reduction(const ReduceOp& op, const Op& self, std::byte* result);
  template <typename T>
  bool reduce_whole_slices(const ReduceOp& op, std::uint32_t input, T* result);
  template <typename T>
  bool reduce_columns(const ReduceOp& op, std::uint32_t input, std::int64_t outer,
                      std::int64_t column, std::int64_t columns, T* result);
  template <typename T>
  bool reduce_long_row(const ReduceOp& op, std::uint32_t input, std::int64_t outer, T* result);
  bool materialise_cutoffs(const LargestOp& op, const Op& self, std::byte* result);

  bool decode_flat(const DecodeOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
                   float* values);
  bool decode_rows(const DecodeOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
                   float* values);
  void decode_whole_rows(const Encoding& encoding, const std::byte* kept, std::int64_t first,
                         std::int64_t rows, float* values) const;
  bool materialise_parts(const DecodeOp& op, const Op& self, std::byte* kept);
  bool read_scales(const DecodeOp& op, const Op& self, float* scales);
  bool read_nested_scales(const DecodeOp& op, const Op& self, float* scales);
  const ReadOp& part_read(const Op& self, std::size_t part) const {
    return std::get<ReadOp>(program_[self.inputs[part]].data);
  }
  bool read_state_offset(const DecodeOp& op, const Op& self, float& offset);
  /// What is encoded, as f32, into buffers of encode_chunk() elements.
  struct EncodeBuffers {
    float* values = nullptr;
    std::byte* wide = nullptr;  // where values are computed as f64
  };
  EncodeBuffers take_encode_buffers(const Encoding& encoding);
  bool values_to_encode(std::uint32_t input, std::int64_t begin, std::int64_t n,
                        const EncodeBuffers& buffers);
  bool encode_fp8(const EncodeOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
                  std::byte* target);
  bool encode_nibbles(const EncodeOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
                      std::byte* target);
  void encode_nested(const EncodeOp& op, const float* absmax, std::int64_t begin, std::int64_t n,
                     std::byte* target);
  bool materialise_scales(const EncodeOp& op, const Op& self, float* scales);
  bool materialise_factors(const LowRankOp& op, std::uint32_t at, float* factors);
  bool gather_f32(std::uint32_t input, std::int64_t n, float* into);

  bool read(const ReadOp& op, std::int64_t first, std::int64_t n, void* into);
  bool read_through_window(const ReadOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
                           std::byte* target);
  bool fill_window(const ReadOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n);
  bool keep(Status status);

  /// Calls `work` with the values as what they are: float or double.
  template <typename Work>
  void with_values(std::byte* values, Work&& work) const {
    if (how_.width == 8) {
      work(static_cast<double*>(static_cast<void*>(values)));
    } else {
      work(static_cast<float*>(static_cast<void*>(values)));
    }
  }

  const Program& program_;
  Evaluation how_;
  DType output_;
  const InputFiles& inputs_;
  Arena& arena_;
  const Materialised* materialised_ = nullptr;
  std::vector<RowCache> products_;  // by op
  std::vector<Window> windows_;     // by op
  std::vector<SharedTile> shared_;  // by op
  std::vector<FactorReport> factors_found_;
  std::optional<Diagnostic> fault_;
};

}  // namespace inarch
