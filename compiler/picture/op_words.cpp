#include "compiler/picture/op_words.h"

#include <algorithm>

#include <fmt/format.h>

namespace inarch {

namespace {

/// Views have lost what the recipe called them; what they do to the order of elements is left.
std::string view_words(const ViewOp& view) {
  std::int64_t inner = 0;
  bool repeats = false, crosses = false;
  for (auto dim = view.dims.rbegin(); dim != view.dims.rend(); ++dim) {
    if (dim->size <= 1) continue;
    if (dim->stride < 0) return "reverse";
    if (dim->stride == 0) {
      repeats = true;
      continue;
    }
    crosses = crosses || dim->stride < inner;
    inner = std::max(inner, dim->stride);
  }
  return crosses ? "transpose" : repeats ? "repeat" : "slice";
}

std::string view_words(const ViewOp& view, const Op& input) {
  if (!if_boxed<LowRankOp>(input.data)) return view_words(view);
  return view.offset == 0 ? "left factor" : "right factor";
}

std::string sum_words(const LinearOp& sum) {
  constexpr std::size_t most = 3;
  if (sum.weights.size() > most) return fmt::format("weighted sum of {}", sum.weights.size());
  static constexpr const char* names[] = {"x", "y", "z"};
  std::string words;
  for (std::size_t k = 0; k < sum.weights.size(); ++k) {
    const double weight = sum.weights[k];
    const double size = weight < 0 ? -weight : weight;
    words += k == 0 ? (weight < 0 ? "−" : "") : (weight < 0 ? " − " : " + ");
    words += size == 1 ? std::string(names[k]) : fmt::format("{:.4g} · {}", size, names[k]);
  }
  if (sum.bias != 0)
    words +=
        fmt::format(" {} {:.4g}", sum.bias < 0 ? "−" : "+", sum.bias < 0 ? -sum.bias : sum.bias);
  return words;
}

std::string rank_words(const LowRankOp& op) {
  return op.is_open() ? fmt::format("rank ≤ {}", op.rank) : fmt::format("rank {}", op.rank);
}

struct Words {
  const Op& op;
  const Program& program;

  std::string operator()(const ReadOp&) const { return "read"; }
  std::string operator()(const FillOp& fill) const {
    return fmt::format("fill {:.4g}", fill.value);
  }
  std::string operator()(const RandomOp& random) const {
    return fmt::format("{}({:.4g}, {:.4g})",
                       random.distribution == Distribution::normal ? "normal" : "uniform", random.a,
                       random.b);
  }
  std::string operator()(const IdentityOp&) const { return "identity"; }
  std::string operator()(const ViewOp& view) const {
    return op.inputs.empty() ? view_words(view) : view_words(view, program[op.inputs.front()]);
  }
  std::string operator()(const ConcatOp&) const {
    return op.inputs.size() == 1 ? "pad" : fmt::format("join {}", op.inputs.size());
  }
  std::string operator()(const TakeOp& take) const {
    return fmt::format("take {} of {}", take.indices.size(), take.axis);
  }
  std::string operator()(const LinearOp& sum) const { return sum_words(sum); }
  std::string operator()(const ProductOp&) const { return "product"; }
  std::string operator()(const QuotientOp&) const { return "quotient"; }
  std::string operator()(const HoldOp&) const { return "hold"; }
  std::string operator()(const MapOp& map) const { return std::string(name(map.function)); }
  std::string operator()(const ClampOp& clamp) const {
    return fmt::format("clamp {:.4g} to {:.4g}", clamp.low, clamp.high);
  }
  std::string operator()(const RoundOp& round) const {
    return fmt::format("round to {}", name(round.dtype));
  }
  std::string operator()(const ReduceOp& reduce) const {
    return std::string(name(reduce.reduction));
  }
  std::string operator()(const LargestOp& largest) const {
    return fmt::format("largest {} of {}", largest.keep, largest.size);
  }
  std::string operator()(const MatmulOp&) const { return "matrix product"; }
  std::string operator()(const DecodeOp& decode) const {
    return fmt::format("decode {}", describe(*decode.encoding));
  }
  std::string operator()(const EncodeOp& encode) const {
    return fmt::format("encode {} ({})", describe(*encode.encoding), name(encode.part));
  }
  std::string operator()(const Boxed<LowRankOp>& factors) const { return rank_words(factors); }
  std::string operator()(const Boxed<MergeOp>& merge) const {
    const MergeOp& what = merge;
    return std::string(name(what.merge));
  }
};

}  // namespace

std::string op_words(const Op& op, const Program& program) {
  return std::visit(Words{op, program}, op.data);
}

}  // namespace inarch
