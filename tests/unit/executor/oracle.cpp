#include "tests/unit/executor/oracle.h"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <type_traits>

#include "runtime/kernels/convert.h"
#include "tests/support/slow_ops.h"

namespace inarch {

namespace {

using Values = std::vector<double>;

struct Oracle {
  const Op& self;
  const std::vector<Values>& done;
  const std::function<Values(const Op&)>& read;

  const Values& in(std::size_t k) const { return done[self.inputs[k]]; }
  std::size_t count() const { return static_cast<std::size_t>(self.count); }

  Values operator()(const ReadOp&) const { return read(self); }
  Values operator()(const FillOp& op) const { return Values(count(), op.value); }
  Values operator()(const RandomOp&) const { std::abort(); }
  Values operator()(const HoldOp&) const { return in(0); }
  Values operator()(const IdentityOp& op) const {
    Values out(count(), 0.0);
    for (std::int64_t i = 0; i < std::min(op.rows, op.columns); ++i) {
      out[static_cast<std::size_t>(i * op.columns + i)] = 1;
    }
    return out;
  }
  Values operator()(const ViewOp& op) const {
    Values out;
    std::vector<std::int64_t> index(op.dims.size(), 0);
    for (std::size_t i = 0; i < count(); ++i) {
      std::int64_t at = op.offset;
      for (std::size_t d = 0; d < index.size(); ++d) at += index[d] * op.dims[d].stride;
      out.push_back(in(0).at(static_cast<std::size_t>(at)));
      for (std::size_t d = index.size(); d-- > 0;) {
        if (++index[d] < op.dims[d].size) break;
        index[d] = 0;
      }
    }
    return out;
  }
  Values operator()(const ConcatOp& op) const {
    Values out;
    for (std::int64_t outer = 0; outer < op.outer; ++outer) {
      for (std::size_t k = 0; k < op.blocks.size(); ++k) {
        const auto begin = in(k).begin() + outer * op.blocks[k];
        out.insert(out.end(), begin, begin + op.blocks[k]);
      }
    }
    return out;
  }
  Values operator()(const TakeOp& op) const {
    Values out;
    for (std::int64_t outer = 0; outer < op.outer; ++outer) {
      for (const std::int64_t index : op.indices) {
        const auto begin = in(0).begin() + (outer * op.axis + index) * op.inner;
        out.insert(out.end(), begin, begin + op.inner);
      }
    }
    return out;
  }
  Values operator()(const LinearOp& op) const {
    Values out(count(), op.bias);
    for (std::size_t k = 0; k < self.inputs.size(); ++k) {
      for (std::size_t i = 0; i < count(); ++i) out[i] += op.weights[k] * in(k)[i];
    }
    return out;
  }
  Values operator()(const ProductOp&) const {
    Values out = in(0);
    for (std::size_t k = 1; k < self.inputs.size(); ++k) {
      for (std::size_t i = 0; i < count(); ++i) out[i] *= in(k)[i];
    }
    return out;
  }
  Values operator()(const ClampOp& op) const {
    Values out = in(0);
    for (double& value : out) value = std::min(std::max(value, op.low), op.high);
    return out;
  }
  Values operator()(const RoundOp& op) const {
    Values out = in(0);
    round_to(op.dtype, out.data(), static_cast<std::int64_t>(out.size()));
    return out;
  }
  Values operator()(const QuotientOp&) const {
    Values out = in(0);
    for (std::size_t i = 0; i < count(); ++i) out[i] /= in(1)[i];
    return out;
  }
  Values operator()(const MapOp& op) const {
    Values out = in(0);
    for (double& value : out) value = mapped(op.function, value);
    return out;
  }
  Values operator()(const ReduceOp& op) const {
    Values out;
    for (std::int64_t outer = 0; outer < op.outer; ++outer) {
      for (std::int64_t inner = 0; inner < op.inner; ++inner) {
        Values slice;
        for (std::int64_t row = 0; row < op.axis; ++row) {
          slice.push_back(
              in(0)[static_cast<std::size_t>((outer * op.axis + row) * op.inner + inner)]);
        }
        out.push_back(reduced(op.reduction, slice));
      }
    }
    return out;
  }
  Values operator()(const LargestOp& op) const {
    Values out;
    for (std::int64_t group = 0; group < op.groups; ++group) {
      const auto begin = in(0).begin() + group * op.size;
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
        for (std::int64_t k = 0; k < op.k; ++k) {
          sum += in(0)[static_cast<std::size_t>(i * op.k + k)] *
                 in(1)[static_cast<std::size_t>(k * op.n + j)];
        }
        out.push_back(sum);
      }
    }
    return out;
  }
};

}  // namespace

std::vector<double> evaluate_slowly(const Program& program,
                                    const std::function<std::vector<double>(const Op&)>& read) {
  std::vector<Values> done;
  for (const Op& op : program) {
    done.push_back(std::visit(
        [&](const auto& data) -> Values {
          if constexpr (std::is_invocable_v<Oracle, decltype(data)>) {
            return Oracle{op, done, read}(data);
          } else {
            throw std::logic_error("an op that this oracle does not know");
          }
        },
        op.data));
  }
  return done.back();
}

}  // namespace inarch
