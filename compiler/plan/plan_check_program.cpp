#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "compiler/plan/plan_check.h"
#include "compiler/plan/plan_check_parts.h"
#include "compiler/support/sizes.h"

namespace inarch {

namespace {

constexpr std::size_t most_dims = 32;
constexpr std::int64_t most_matrix_side = (std::int64_t{1} << 31) - 1;

bool is_whole_in(double value, double low, double high) {
  return value >= low && value <= high && std::trunc(value) == value;
}

/// True when stored elements of `dtype` can hold `value` without a conversion that is not theirs.
bool can_fill(DType dtype, double value) {
  if (is_arithmetic(dtype)) return true;
  switch (dtype) {
    case DType::boolean:
      return is_whole_in(value, 0, 1);
    case DType::u8:
      return is_whole_in(value, 0, 255);
    case DType::i8:
      return is_whole_in(value, -128, 127);
    case DType::i16:
      return is_whole_in(value, -32768, 32767);
    case DType::u16:
      return is_whole_in(value, 0, 65535);
    case DType::i32:
      return is_whole_in(value, -2147483648.0, 2147483647.0);
    case DType::u32:
      return is_whole_in(value, 0, 4294967295.0);
    case DType::i64:
      return is_whole_in(value, -9007199254740992.0, 9007199254740992.0);
    case DType::u64:
      return is_whole_in(value, 0, 9007199254740992.0);
    default:
      return value == 0;
  }
}

class ProgramChecker {
 public:
  ProgramChecker(const Plan& plan, const Program& program, ProgramUse use, DType output,
                 const PlanPlace& where, PlanFault& fault)
      : plan_(plan), program_(program), use_(use), output_(output), where_(where), fault_(fault) {}

  void run() {
    if (program_.empty()) return fail("the program is empty");
    depth_.reserve(program_.size());
    paths_.reserve(program_.size());
    for (at_ = 0; at_ < program_.size() && !fault_.any(); ++at_) {
      if (check_inputs()) std::visit(*this, program_[at_].data);
    }
    if (fault_.any()) return;
    at_ = program_.size() - 1;
    used_as_values(static_cast<std::uint32_t>(at_));
  }

  void operator()(const ReadOp& op) {
    if (!takes(0)) return;
    if (op.from_output && use_ != ProgramUse::check) return fail("only checks read outputs");
    const auto size = file_size(op);
    if (!size) return fail("reads a file that is not in the plan");
    const std::int64_t length = count() * bytes(op.dtype);
    if (op.offset < 0 || op.offset > *size || length > *size - op.offset) {
      fail(fmt::format("reads {} bytes at {} of a file of {}", format_count(length),
                       format_count(op.offset), format_count(*size)));
    }
  }
  void operator()(const FillOp& op) {
    if (!takes(0)) return;
    if (use_ == ProgramUse::move && !can_fill(output_, op.value)) {
      fail(fmt::format("{} cannot hold {}", name(output_), op.value));
    }
  }
  void operator()(const RandomOp&) { takes(0) && computes(); }
  void operator()(const IdentityOp& op) {
    if (takes(0) && computes()) yields(bounded_product(op.rows, op.columns));
  }
  void operator()(const ViewOp& op) {
    if (takes(1)) check_view(op);
  }
  void operator()(const ConcatOp& op) {
    if (!takes(op.blocks.size())) return;
    std::int64_t row = 0;
    for (std::size_t k = 0; k < op.blocks.size(); ++k) {
      if (!gives(k, bounded_product(op.outer, op.blocks[k]))) return;
      row += op.blocks[k];
      if (row > max_elements) return fail("is too large");
    }
    yields(bounded_product(op.outer, row));
  }
  void operator()(const TakeOp& op) {
    if (!takes(1)) return;
    const auto rows = bounded_product(op.outer, op.axis);
    if (!rows || !gives(0, bounded_product(*rows, op.inner))) return fail("input of another size");
    for (const std::int64_t index : op.indices) {
      if (index < 0 || index >= op.axis) {
        return fail(fmt::format("takes row {} of {}", index, op.axis));
      }
    }
    const auto taken = bounded_product(op.outer, static_cast<std::int64_t>(op.indices.size()));
    yields(taken ? bounded_product(*taken, op.inner) : std::nullopt);
  }
  void operator()(const LinearOp& op) {
    if (takes(op.weights.size()) && computes()) elementwise();
  }
  void operator()(const ProductOp&) {
    if (!computes()) return;
    if (program_[at_].inputs.empty()) return fail("a product of nothing");
    elementwise();
  }
  void operator()(const ClampOp&) {
    if (takes(1) && computes()) elementwise();
  }
  void operator()(const RoundOp& op) {
    if (!is_arithmetic(op.dtype)) return fail(fmt::format("cannot round to {}", name(op.dtype)));
    if (takes(1) && computes()) elementwise();
  }
  void operator()(const QuotientOp&) {
    if (takes(2) && computes()) elementwise();
  }
  void operator()(const HoldOp&) {
    if (takes(1) && computes()) elementwise();
  }
  void operator()(const MapOp&) {
    if (takes(1) && computes()) elementwise();
  }
  void operator()(const LargestOp& op) {
    if (!takes(1) || !computes()) return;
    if (op.keep < 0 || op.keep > op.size) {
      return fail(fmt::format("keeps {} of {} elements", op.keep, op.size));
    }
    yields(bounded_product(op.groups, op.size));
    if (!fault_.any()) elementwise();
  }
  void operator()(const ReduceOp& op) {
    if (!takes(1) || !computes()) return;
    if (op.axis < 1) return fail("a reduction of nothing");
    const auto rows = bounded_product(op.outer, op.axis);
    if (!rows || !gives(0, bounded_product(*rows, op.inner))) return fail("input of another size");
    yields(bounded_product(op.outer, op.inner));
  }
  void operator()(const MatmulOp& op) {
    if (!takes(2) || !computes()) return;
    if (std::max({op.m, op.k, op.n}) > most_matrix_side) return fail("the matrix is too large");
    if (gives(0, bounded_product(op.m, op.k)) && gives(1, bounded_product(op.k, op.n))) {
      yields(bounded_product(op.m, op.n));
    }
  }
  /// Its inputs are stored parts: reads, whatever their dtypes.
  void operator()(const DecodeOp& op) {
    const Encoding& encoding = *op.encoding;
    if (!takes(encoding.parts.size()) || !computes() || !is_sound(encoding)) return;
    for (std::size_t k = 0; k < encoding.parts.size(); ++k) {
      const PartRole role = encoding.parts[k];
      const auto* read = std::get_if<ReadOp>(&program_[program_[at_].inputs[k]].data);
      if (read == nullptr || !part_dtype_fits(encoding, role, read->dtype))
        return fail(fmt::format("input {} is not stored as {} are", k, name(role)));
      const auto expected = part_count(encoding, role);
      if (expected && !gives(k, expected)) return;
    }
    yields(encoding.count());
  }
  void operator()(const EncodeOp& op) {
    if (!takes(1) || !computes() || !is_sound(*op.encoding)) return;
    if (use_ == ProgramUse::check || at_ + 1 != program_.size())
      return fail("encodes what is not stored");
    const std::string fault = find_encoding_fault(*op.encoding);
    if (!fault.empty()) return fail(fmt::format("encodes to {}", fault));
    if (op.part == PartRole::other || !op.encoding->find(op.part))
      return fail(fmt::format("gives {}, which the encoding does not have", name(op.part)));
    if (gives(0, op.encoding->count())) yields(part_count(*op.encoding, op.part));
  }
  void operator()(const MergeOp& op) {
    const std::size_t inputs = program_[at_].inputs.size();
    const auto [least, most] = merge_inputs(op.merge);
    if (inputs < least || inputs > most)
      return fail(fmt::format("{} inputs for '{}'", inputs, name(op.merge)));
    if (!takes(inputs) || !computes()) return;
    const std::string wrong = find_fault(op, inputs);
    if (!wrong.empty()) return fail(wrong);
    const auto elements = bounded_product(op.groups, op.size);
    yields(elements);
    if (!fault_.any()) elementwise();
  }
  void operator()(const LowRankOp& op) {
    const std::size_t inputs = program_[at_].inputs.size() == 2 ? 2 : 1;
    if (!takes(inputs) || !computes()) return;
    const std::int64_t least = std::min(op.rows, op.columns);
    if (std::max(op.rows, op.columns) > most_matrix_side) return fail("the matrix is too large");
    constexpr std::int64_t most_extra = 1 << 20;
    if (op.rank < 1 || op.rank > least || op.oversampling < -1 || op.oversampling > most_extra ||
        op.power_iterations < -1 || op.power_iterations > most_extra) {
      return fail(fmt::format("a rank of {} in [{}, {}]", op.rank, op.rows, op.columns));
    }
    if (!gives(0, bounded_product(op.rows, op.columns))) return;
    if (inputs == 2 && !gives(1, op.columns)) return;
    yields(bounded_product(op.rank, op.rows + op.columns));
  }

 private:
  void fail(std::string message) {
    fault_.set("E612", fmt::format("{}[{}]", where_.text(), at_), std::move(message));
  }
  std::int64_t count() const { return program_[at_].count; }
  bool is_sound(const Encoding& encoding) {
    const std::string fault = find_fault(encoding);
    if (!fault.empty()) fail(fmt::format("an encoding with {}", fault));
    return fault.empty();
  }

  /// What is read may be of any dtype where parts are decoded, elsewhere only of some.
  void used_as_values(std::uint32_t input) {
    const auto* read = std::get_if<ReadOp>(&program_[input].data);
    if (read == nullptr) return;
    if (use_ == ProgramUse::move ? read->dtype == output_ : is_arithmetic(read->dtype)) return;
    at_ = input;
    fail(fmt::format("reads {}, which cannot be used here", name(read->dtype)));
  }

  /// Inputs are earlier ops, and following them ends soon.
  bool check_inputs() {
    const Op& op = program_[at_];
    if (op.count < 0 || op.count > max_elements) return fail("impossible count"), false;
    std::int64_t depth = 1, paths = 1;
    for (const std::uint32_t input : op.inputs) {
      if (input >= at_) return fail(fmt::format("input {} is no earlier op", input)), false;
      depth = std::max(depth, depth_[input] + 1);
      paths = std::min(paths + paths_[input], max_program_paths + 1);
    }
    if (!std::holds_alternative<DecodeOp>(op.data)) {
      const std::size_t here = at_;
      for (const std::uint32_t input : op.inputs) used_as_values(input);
      if (fault_.any()) return false;
      at_ = here;
    }
    if (depth > max_program_depth) return fail("ops are nested too deep"), false;
    if (paths > max_program_paths) return fail("takes too many evaluations"), false;
    depth_.push_back(depth);
    paths_.push_back(paths);
    return true;
  }
  bool takes(std::size_t inputs) {
    if (program_[at_].inputs.size() == inputs) return true;
    fail(fmt::format("takes {} inputs, found {}", inputs, program_[at_].inputs.size()));
    return false;
  }
  bool computes() {
    if (use_ != ProgramUse::move) return true;
    fail("a move step cannot compute");
    return false;
  }
  bool gives(std::size_t input, std::optional<std::int64_t> expected) {
    const std::int64_t found = program_[program_[at_].inputs[input]].count;
    if (expected && *expected == found) return true;
    fail(fmt::format("input {} has {} elements, which does not fit", input, format_count(found)));
    return false;
  }
  void yields(std::optional<std::int64_t> expected) {
    if (!expected || *expected != count()) {
      fail(fmt::format("states {} elements, which does not fit", format_count(count())));
    }
  }
  void elementwise() {
    for (std::size_t k = 0; k < program_[at_].inputs.size(); ++k) {
      if (!gives(k, count())) return;
    }
  }

  std::optional<std::int64_t> file_size(const ReadOp& op) const {
    if (op.from_output) {
      if (op.file >= plan_.shards.size()) return std::nullopt;
      return plan_.shards[op.file].size;
    }
    if (op.source >= plan_.sources.size()) return std::nullopt;
    const PlanSource& source = plan_.sources[op.source];
    if (op.file >= source.files.size()) return std::nullopt;
    return source.files[op.file].size;
  }

  /// The least and the largest index that the view touches lie inside its input.
  void check_view(const ViewOp& op) {
    if (op.dims.size() > most_dims) return fail("has too many dimensions");
    std::optional<std::int64_t> product = 1;
    for (const ViewDim& dim : op.dims) {
      if (product) product = bounded_product(*product, dim.size);
    }
    yields(product);
    if (!product || *product == 0 || fault_.any()) return;
    std::int64_t least = op.offset, most = op.offset;
    for (const ViewDim& dim : op.dims) {
      std::int64_t reach = 0;
      std::int64_t& end = dim.stride < 0 ? least : most;
      if (__builtin_mul_overflow(dim.size - 1, dim.stride, &reach) ||
          __builtin_add_overflow(end, reach, &end)) {
        return fail("its strides overflow");
      }
    }
    const std::int64_t available = program_[program_[at_].inputs[0]].count;
    if (least < 0 || most >= available) {
      fail(fmt::format("reaches from element {} to {} of {}", least, most, available));
    }
  }

  const Plan& plan_;
  const Program& program_;
  ProgramUse use_;
  DType output_;
  const PlanPlace& where_;
  PlanFault& fault_;
  std::size_t at_ = 0;
  std::vector<std::int64_t> depth_;
  std::vector<std::int64_t> paths_;
};

}  // namespace

std::optional<std::int64_t> bounded_product(std::int64_t a, std::int64_t b) {
  std::int64_t product = 0;
  if (a < 0 || b < 0 || __builtin_mul_overflow(a, b, &product)) return std::nullopt;
  return product <= max_elements ? std::optional(product) : std::nullopt;
}

void check_program(const Plan& plan, const Program& program, ProgramUse use, DType output,
                   const PlanPlace& where, PlanFault& fault) {
  ProgramChecker(plan, program, use, output, where, fault).run();
}

}  // namespace inarch
