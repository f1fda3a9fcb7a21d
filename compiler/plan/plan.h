#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "compiler/core/catalog.h"
#include "compiler/core/dtype.h"
#include "compiler/core/logits_claim.h"
#include "compiler/core/ops.h"
#include "compiler/core/shape.h"

namespace inarch {

/// The executable plan: everything a run needs and nothing it must decide. It is a value, a file
/// (plan_json.h) and the only thing of the compiler that the runtime sees.
///
/// A step's program computes one output tensor as a flat row-major sequence of elements. Programs
/// are lists in which an op names earlier ops of the same list as inputs; the last op is the
/// result. Counts and strides are in elements, offsets into files in bytes.

/// Elements [0, count) that lie one after another in a file, in the storage order of the tensor.
struct ReadOp {
  bool from_output = false;  // checks read what the run has written; rules read sources
  std::uint32_t source = 0;  // index into Plan::sources (unused when from_output)
  std::uint32_t file = 0;    // index into that source's files, or into Plan::shards
  std::int64_t offset = 0;   // bytes from the start of the file
  DType dtype = DType::f32;

  friend bool operator==(const ReadOp&, const ReadOp&) = default;
};
using OpData =
    std::variant<ReadOp, FillOp, RandomOp, IdentityOp, ViewOp, ConcatOp, TakeOp, LinearOp,
                 ProductOp, QuotientOp, HoldOp, MapOp, ClampOp, RoundOp, ReduceOp, LargestOp,
                 MatmulOp, DecodeOp, EncodeOp, Boxed<LowRankOp>, Boxed<MergeOp>>;

struct Op {
  OpData data;
  std::vector<std::uint32_t> inputs;  // indices of earlier ops
  std::int64_t count = 0;             // elements it yields

  friend bool operator==(const Op&, const Op&) = default;
};
using Program = std::vector<Op>;

/// True when element i of the result needs element i of each input and nothing else.
bool is_elementwise(const Op& op);
/// True when something of the op (a reduction, thresholds, a right operand) is computed once,
/// before the tiles of its step.
bool is_materialised(const Op& op);
/// True when the program gives bytes as they are stored, and not values to be stored.
bool yields_stored(const Program& program);

/// True when a matrix is factored on the way.
bool has_factors(const Program& program);
/// True for a merge of which something is known only when whole runs have been seen.
bool is_merge_of_runs(const Op& op);
/// True when one worker makes the whole output: so much is computed before its first tile that
/// others do better to begin with the next output than to wait.
bool is_worked_on_as_one(const Program& program);

/// Bytes that move from a source file to a shard as they are: one tensor, part of one, or a run of
/// tensors that are neighbours in both.
struct CopyStep {
  std::uint32_t source = 0;
  std::uint32_t file = 0;
  std::int64_t source_offset = 0;
  std::int64_t bytes = 0;
  std::uint32_t output_count = 1;  // outputs [first, first + output_count), contiguous in the shard
};
/// Elements that move without being computed with: every op is read, fill, view, concat or take,
/// and all share the output's dtype. Bytes go through as they are.
struct MoveStep {
  Program program;
};
/// Tiles in f32 (f64 when an operand or the output is f64), rounded once to the output's dtype.
struct ComputeStep {
  Program program;
};

struct Step {
  std::uint32_t first_output = 0;  // index into Plan::outputs
  std::variant<CopyStep, MoveStep, ComputeStep> work;
  /// The program of the step before begins with the same ops, as far as any is materialised, and
  /// its output is the one before in the same shard: what it materialises is used here too, and
  /// both are worked on as one.
  bool shares_before = false;
  std::int64_t scratch_bytes = 0;   // per worker that works on it (memory_model.h)
  std::int64_t resident_bytes = 0;  // materialised operands, from its first tile to its last
};

struct OutputTensor {
  std::string name;
  DType dtype = DType::f32;
  Shape shape;
  std::uint32_t shard = 0;
  std::int64_t offset = 0;  // bytes from the start of the shard file
  std::int64_t bytes = 0;
  std::string origin;  // "recipes/franken.yaml:14": for messages
};

/// One of several checkpoints that a plan builds. Its files are those in its directory.
struct OutputPart {
  std::string name;       // "text", "rank[3]"
  std::string directory;  // "text", "rank-3": one component
  std::int64_t parameters = 0;
  std::int64_t buffer_elements = 0;
};

struct OutputShard {
  std::string name;    // "model-00001-of-00002.safetensors", or "rank-3/model.safetensors"
  std::string header;  // the first bytes of the file: length prefix, JSON, padding
  std::int64_t size = 0;
};

struct PlanSource {
  std::string name;      // "text", "experts[3]"
  std::string location;  // where it was found
  std::vector<FileIdentity> files;
  std::int64_t elements = 0;  // of its tensors, as values; 0 when that is not known
};

/// A small file written as it stands: config.json, the index.
struct TextFile {
  std::string name;  // with the part's directory, as a shard's
  std::string text;
};
/// A file carried over from a source's directory, byte for byte.
struct CarriedFile {
  std::uint32_t source = 0;
  std::string name;
  std::string from;  // path it is read from
  std::int64_t size = 0;
  std::string sha256;
};

/// |left − right| ≤ tolerance · max(|left|, |right|) over the largest magnitudes; 0 asks for
/// equality. With `at_most`, left ≤ right everywhere. With only `left`, every value must be finite.
/// Evaluated in f64 on the finished tensors.
struct PlanCheck {
  std::string description;
  std::string origin;
  Program left;
  Program right;
  double tolerance = 0;
  bool at_most = false;
  bool warns = false;  // the result is published where it does not hold
  std::int64_t resident_bytes = 0;
  std::int64_t scratch_bytes = 0;
};

/// Tested when the outputs are finished.
struct PlanLogitsCheck {
  LogitsClaim claim;  // of indices into Plan::sources and parts, where 0 is the only output, too
  std::string origin;
};

struct PlanTotals {
  std::int64_t bytes_read = 0;      // from sources, a shared operand once
  std::int64_t bytes_copied = 0;    // written without being computed with
  std::int64_t bytes_computed = 0;  // written by compute steps
  std::int64_t bytes_written = 0;   // shards, whole
  std::int64_t parameters = 0;      // elements of all outputs but buffers
  std::int64_t buffer_elements = 0;
};

struct Plan {
  int version = 1;
  std::string tool_version;
  std::string recipe_name;
  std::string recipe_path;
  std::string recipe_sha256;  // of the text, what it includes, its params and its tables
  std::vector<PlanSource> sources;
  std::vector<OutputPart> parts;      // of several; none where there is one checkpoint, at the top
  std::vector<OutputTensor> outputs;  // in layout order: by shard, then by offset
  std::vector<OutputShard> shards;
  std::vector<Step> steps;  // in memory order
  std::vector<TextFile> texts;
  std::vector<CarriedFile> files;
  std::vector<PlanCheck> checks;
  std::vector<PlanLogitsCheck> logits_checks;
  PlanTotals totals;
};

/// How many claims are tested on the finished tensors.
std::int64_t computed_checks(const Plan& plan);

/// Peak memory of a run of `plan` with `jobs` workers: process base, metadata, and the most that
/// the admitted steps can hold at once, never above `budget` when the plan fits it at all.
std::int64_t planned_peak(const Plan& plan, int jobs, std::int64_t budget);
/// The least budget with which `plan` can run: one worker on its largest step.
std::int64_t least_memory(const Plan& plan);

}  // namespace inarch
