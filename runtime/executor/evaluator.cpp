#include "runtime/executor/evaluator.h"

#include <algorithm>
#include <cstring>
#include <variant>

#include "runtime/executor/fill_stored.h"
#include "runtime/kernels/convert.h"
#include "runtime/kernels/elementwise.h"
#include "runtime/kernels/random.h"
#include "runtime/kernels/wide_sums.h"

namespace inarch {

Evaluator::Evaluator(const Program& program, const Evaluation& how, DType output,
                     const InputFiles& inputs, Arena& arena)
    : program_(program), how_(how), output_(output), inputs_(inputs), arena_(arena) {}

Status Evaluator::evaluate(std::int64_t begin, std::int64_t n, std::byte* target) {
  if (eval(static_cast<std::uint32_t>(program_.size() - 1), begin, n, target)) return {};
  return std::move(*fault_);
}

bool Evaluator::eval(std::uint32_t at, std::int64_t begin, std::int64_t n, std::byte* target) {
  if (n == 0) return true;
  if (is_shared(at)) {
    const std::byte* values = look_at(at, begin, n, nullptr);
    if (values != nullptr) std::memcpy(target, values, static_cast<std::size_t>(n * how_.width));
    return values != nullptr;
  }
  const ArenaScope scope(arena_);
  return std::visit([&](const auto& op) { return apply(op, at, begin, n, target); },
                    program_[at].data);
}

const std::byte* Evaluator::look_at(std::uint32_t at, std::int64_t begin, std::int64_t n,
                                    std::byte* room) {
  if (!is_shared(at)) return eval(at, begin, n, room) ? room : nullptr;
  SharedTile& kept = shared_[at];
  if (kept.n < n || begin < kept.begin || begin + n > kept.begin + kept.n) {
    const ArenaScope scope(arena_);
    kept.n = 0;
    const bool good = std::visit(
        [&](const auto& op) { return apply(op, at, begin, n, kept.values); }, program_[at].data);
    if (!good) return nullptr;
    kept.begin = begin;
    kept.n = n;
  }
  return kept.values + (begin - kept.begin) * how_.width;
}

bool Evaluator::eval_long(std::uint32_t at, std::int64_t begin, std::int64_t n, std::byte* target) {
  for (std::int64_t done = 0; done < n; done += how_.tile) {
    const std::int64_t part = std::min(how_.tile, n - done);
    if (!eval(at, begin + done, part, target + done * how_.width)) return false;
  }
  return true;
}

bool Evaluator::keep(Status status) {
  if (status.ok()) return true;
  fault_ = std::move(status.error());
  return false;
}

bool Evaluator::read(const ReadOp& op, std::int64_t first, std::int64_t n, void* into) {
  return keep(inputs_.read(op, first, n, into));
}

bool Evaluator::apply(const ReadOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
                      std::byte* target) {
  if (!windows_.empty() && windows_[at].stored != nullptr)
    return read_through_window(op, at, begin, n, target);
  const DType computed = how_.width == 8 ? DType::f64 : DType::f32;
  if (how_.raw || op.dtype == computed) return read(op, begin, n, target);
  void* stored = arena_.take(n * bytes(op.dtype));
  if (!read(op, begin, n, stored)) return false;
  with_values(target, [&](auto* values) { decode(op.dtype, stored, n, values); });
  return true;
}

bool Evaluator::read_through_window(const ReadOp& op, std::uint32_t at, std::int64_t begin,
                                    std::int64_t n, std::byte* target) {
  Window& window = windows_[at];
  while (n > 0) {
    const bool inside = begin >= window.begin && begin < window.end;
    if (!inside && !fill_window(op, at, begin, n)) return false;
    const std::int64_t part = std::min(n, window.end - begin);
    const std::byte* stored = window.stored + (begin - window.begin) * bytes(op.dtype);
    with_values(target, [&](auto* values) { decode(op.dtype, stored, part, values); });
    target += part * how_.width;
    begin += part;
    n -= part;
    window.asked = begin;
  }
  return true;
}

/// No further than what is wanted, unless that goes on where the last part ended: samples are taken
/// here and there.
bool Evaluator::fill_window(const ReadOp& op, std::uint32_t at, std::int64_t begin,
                            std::int64_t n) {
  Window& window = windows_[at];
  const std::int64_t room = scratch::read_window_elements(program_[at]);
  const bool goes_on = begin == window.asked;
  const std::int64_t held =
      std::min(goes_on ? room : std::min(n, room), program_[at].count - begin);
  window.begin = window.end = begin;
  if (!read(op, begin, held, window.stored)) return false;
  window.end = begin + held;
  return true;
}

bool Evaluator::apply(const FillOp& op, std::uint32_t, std::int64_t, std::int64_t n,
                      std::byte* target) {
  if (how_.raw) {
    fill_stored(output_, op.value, n, target);
  } else {
    with_values(target, [&](auto* values) { linear({}, {}, op.value, n, values); });
  }
  return true;
}

bool Evaluator::apply(const RandomOp& op, std::uint32_t, std::int64_t begin, std::int64_t n,
                      std::byte* target) {
  with_values(target, [&](auto* values) {
    if (op.distribution == Distribution::normal) {
      fill_normal(op.seed, op.key, begin, n, op.a, op.b, values);
    } else {
      fill_uniform(op.seed, op.key, begin, n, op.a, op.b, values);
    }
  });
  return true;
}

bool Evaluator::apply(const IdentityOp& op, std::uint32_t, std::int64_t begin, std::int64_t n,
                      std::byte* target) {
  with_values(target, [&](auto* values) { fill_identity(op.columns, begin, n, values); });
  return true;
}

/// Two operands as linear() does it; more in f64, as roundings of partial sums would show.
bool Evaluator::apply(const LinearOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
                      std::byte* target) {
  const std::vector<std::uint32_t>& inputs = program_[at].inputs;
  if (inputs.empty()) {
    with_values(target, [&](auto* values) { linear({}, {}, op.bias, n, values); });
    return true;
  }
  if (inputs.size() >= scratch::wide_operands) return add_up(op, at, begin, n, target);
  if (!eval(inputs[0], begin, n, target)) return false;
  const std::byte* next = nullptr;
  if (inputs.size() > 1) {
    next = look_at(inputs[1], begin, n, static_cast<std::byte*>(arena_.take(n * how_.width)));
    if (next == nullptr) return false;
  }
  with_values(target, [&]<typename T>(T* values) {
    const T* const operands[] = {values, static_cast<const T*>(static_cast<const void*>(next))};
    linear(std::span(operands).first(inputs.size()), op.weights, op.bias, n, values);
  });
  return true;
}

bool Evaluator::add_up(const LinearOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
                       std::byte* target) {
  const std::vector<std::uint32_t>& inputs = program_[at].inputs;
  auto* sums = arena_.take_elements<double>(n);
  std::fill_n(sums, n, op.bias);
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    if (!eval(inputs[k], begin, n, target)) return false;
    with_values(target, [&](auto* values) { add_scaled(op.weights[k], values, n, sums); });
  }
  with_values(target, [&](auto* values) { store_sums(sums, n, values); });
  return true;
}

bool Evaluator::apply(const ProductOp&, std::uint32_t at, std::int64_t begin, std::int64_t n,
                      std::byte* target) {
  const std::vector<std::uint32_t>& inputs = program_[at].inputs;
  if (!eval(inputs[0], begin, n, target)) return false;
  if (inputs.size() == 1) return true;
  auto* next = static_cast<std::byte*>(arena_.take(n * how_.width));
  for (std::size_t k = 1; k < inputs.size(); ++k) {
    if (!eval(inputs[k], begin, n, next)) return false;
    with_values(target, [&]<typename T>(T* values) {
      multiply(static_cast<const T*>(static_cast<const void*>(next)), n, values);
    });
  }
  return true;
}

bool Evaluator::apply(const QuotientOp&, std::uint32_t at, std::int64_t begin, std::int64_t n,
                      std::byte* target) {
  const std::vector<std::uint32_t>& inputs = program_[at].inputs;
  if (!eval(inputs[0], begin, n, target)) return false;
  auto* next = static_cast<std::byte*>(arena_.take(n * how_.width));
  if (!eval(inputs[1], begin, n, next)) return false;
  with_values(target, [&]<typename T>(T* values) {
    divide(static_cast<const T*>(static_cast<const void*>(next)), n, values);
  });
  return true;
}

bool Evaluator::apply(const MapOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
                      std::byte* target) {
  if (!eval(program_[at].inputs[0], begin, n, target)) return false;
  with_values(target, [&](auto* values) { map_values(op.function, n, values); });
  return true;
}

bool Evaluator::apply(const ClampOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
                      std::byte* target) {
  if (!eval(program_[at].inputs[0], begin, n, target)) return false;
  with_values(target, [&](auto* values) { clamp(values, n, op.low, op.high); });
  return true;
}

bool Evaluator::apply(const RoundOp& op, std::uint32_t at, std::int64_t begin, std::int64_t n,
                      std::byte* target) {
  if (!eval(program_[at].inputs[0], begin, n, target)) return false;
  with_values(target, [&](auto* values) { round_to(op.dtype, values, n); });
  return true;
}

}  // namespace inarch
