#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/ir/graph.h"
#include "tests/support/slow_ops.h"

namespace inarch {

using Values = std::vector<double>;

/// The nearest number with the mantissa of `dtype`, ties to even; for values well inside its range.
inline double rounded(DType dtype, double value) {
  const int digits = dtype == DType::bf16      ? 8
                     : dtype == DType::f16     ? 11
                     : dtype == DType::f32     ? 24
                     : dtype == DType::f8_e4m3 ? 4
                     : dtype == DType::f8_e5m2 ? 3
                                               : 0;
  if (digits == 0 || value == 0) return value;
  int exponent = 0;
  const double mantissa = std::frexp(value, &exponent);
  return std::ldexp(std::nearbyint(std::ldexp(mantissa, digits)), exponent - digits);
}

/// A made-up value of element `k` of what `name` says: a small integer, the same each time.
inline double made_up(const std::string& name, std::int64_t k) {
  std::uint64_t hash = 1469598103934665603ull;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  hash = (hash + static_cast<std::uint64_t>(k) * 0x9e3779b97f4a7c15ull) * 0xbf58476d1ce4e5b9ull;
  return static_cast<double>((hash >> 33) % 17) - 8;
}

/// Straight from the definitions in core/ops.h. Random numbers are made up: they depend on seed,
/// key and position, which is all that counts here.
struct OpValues {
  const std::vector<const Values*>& in;
  std::int64_t count;

  Values operator()(const FillOp& op) const { return Values(size(count), op.value); }
  Values operator()(const RandomOp& op) const {
    Values out;
    for (std::int64_t k = 0; k < count; ++k)
      out.push_back(op.a + op.b * made_up(op.key + std::to_string(op.seed), k));
    return out;
  }
  Values operator()(const HoldOp&) const { return *in[0]; }
  Values operator()(const IdentityOp& op) const {
    Values out(size(count), 0.0);
    for (std::int64_t k = 0; k < std::min(op.rows, op.columns); ++k)
      out[size(k * op.columns + k)] = 1;
    return out;
  }
  Values operator()(const ViewOp& op) const {
    Values out;
    collect(op, 0, op.offset, out);
    return out;
  }
  Values operator()(const ConcatOp& op) const {
    Values out;
    for (std::int64_t row = 0; row < op.outer; ++row) {
      for (std::size_t k = 0; k < op.blocks.size(); ++k) {
        for (std::int64_t j = 0; j < op.blocks[k]; ++j)
          out.push_back(in[k]->at(size(row * op.blocks[k] + j)));
      }
    }
    return out;
  }
  Values operator()(const TakeOp& op) const {
    Values out;
    for (std::int64_t row = 0; row < op.outer; ++row) {
      for (const std::int64_t index : op.indices) {
        for (std::int64_t j = 0; j < op.inner; ++j)
          out.push_back(in[0]->at(size((row * op.axis + index) * op.inner + j)));
      }
    }
    return out;
  }
  Values operator()(const LinearOp& op) const {
    Values out(size(count), op.bias);
    for (std::size_t k = 0; k < in.size(); ++k) {
      for (std::size_t i = 0; i < out.size(); ++i) out[i] += op.weights[k] * in[k]->at(i);
    }
    return out;
  }
  Values operator()(const ProductOp&) const {
    Values out = *in[0];
    for (std::size_t k = 1; k < in.size(); ++k) {
      for (std::size_t i = 0; i < out.size(); ++i) out[i] *= in[k]->at(i);
    }
    return out;
  }
  Values operator()(const ClampOp& op) const {
    Values out = *in[0];
    for (double& value : out) value = std::min(std::max(value, op.low), op.high);
    return out;
  }
  Values operator()(const RoundOp& op) const {
    Values out = *in[0];
    for (double& value : out) value = rounded(op.dtype, value);
    return out;
  }
  Values operator()(const QuotientOp&) const {
    Values out = *in[0];
    for (std::size_t i = 0; i < out.size(); ++i) out[i] /= in[1]->at(i);
    return out;
  }
  Values operator()(const MapOp& op) const {
    Values out = *in[0];
    for (double& value : out) value = mapped(op.function, value);
    return out;
  }
  Values operator()(const ReduceOp& op) const {
    Values out;
    for (std::int64_t row = 0; row < op.outer; ++row) {
      for (std::int64_t j = 0; j < op.inner; ++j) {
        Values slice;
        for (std::int64_t a = 0; a < op.axis; ++a)
          slice.push_back(in[0]->at(size((row * op.axis + a) * op.inner + j)));
        out.push_back(reduced(op.reduction, slice));
      }
    }
    return out;
  }
  Values operator()(const LargestOp& op) const {
    Values out;
    for (std::int64_t group = 0; group < op.groups; ++group) {
      const auto begin = in[0]->begin() + group * op.size;
      const Values values = kept_largest({begin, begin + op.size}, op.keep, op.as_mask);
      out.insert(out.end(), values.begin(), values.end());
    }
    return out;
  }
  Values operator()(const MatmulOp& op) const {
    Values out;
    for (std::int64_t i = 0; i < op.m; ++i) {
      for (std::int64_t j = 0; j < op.n; ++j) {
        double sum = 0;
        for (std::int64_t k = 0; k < op.k; ++k)
          sum += in[0]->at(size(i * op.k + k)) * in[1]->at(size(k * op.n + j));
        out.push_back(sum);
      }
    }
    return out;
  }

 private:
  static std::size_t size(std::int64_t n) { return static_cast<std::size_t>(n); }
  void collect(const ViewOp& op, std::size_t d, std::int64_t at, Values& out) const {
    if (d == op.dims.size()) return out.push_back(in[0]->at(size(at)));
    for (std::int64_t k = 0; k < op.dims[d].size; ++k)
      collect(op, d + 1, at + k * op.dims[d].stride, out);
  }
};

/// What to take for a source tensor or a finished output.
using LeafValues = std::function<Values(const NodeData&, const Node&)>;

/// The values of every node of the graph.
inline std::vector<Values> evaluate_nodes(const Graph& graph, const LeafValues& leaf) {
  std::vector<Values> done;
  done.reserve(graph.nodes.size());
  for (const Node& node : graph.nodes) {
    std::vector<const Values*> in;
    for (const NodeId input : node.inputs) in.push_back(&done[input]);
    done.push_back(std::visit(
        [&](const auto& op) -> Values {
          if constexpr (std::is_invocable_v<OpValues, decltype(op)>) {
            return OpValues{in, node.count()}(op);
          } else {
            return leaf(node.data, node);
          }
        },
        node.data));
  }
  return done;
}

}  // namespace inarch
