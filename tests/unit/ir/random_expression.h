#pragma once

#include <numeric>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "tests/unit/ir/naive_tensor.h"

namespace inarch {

/// A tensor that a random expression reads from the source `m`; its values are made_up(name, k).
struct RandomTensor {
  std::string name;
  DType dtype = DType::f32;
  Shape shape;
};

/// Makes tensor expressions in the one-line form, and beside each what it must yield. All values
/// are multiples of small powers of two, so that the order of rounding cannot matter.
class RandomExpressions {
 public:
  struct Made {
    std::string text;
    Naive result;
    DType dtype = DType::f32;
  };

  explicit RandomExpressions(std::uint64_t seed, std::string prefix = "t")
      : random_(seed), prefix_(std::move(prefix)) {}

  /// `computes` false: only transforms that move elements, over any dtype.
  Made make(int steps, bool computes) {
    computes_ = computes;
    static const std::vector<DType> any = {DType::bf16, DType::f32, DType::i64, DType::i8,
                                           DType::f16};
    static const std::vector<DType> floats = {DType::bf16, DType::f32, DType::f16};
    const DType dtype = computes ? pick(floats) : pick(any);
    Shape shape;
    for (int d = one_of(1, 3); d > 0; --d) shape.push_back(one_of(1, 6));
    Made made = source(dtype, shape);
    name_axes(made);
    return go_on(std::move(made), steps, computes);
  }

  /// More steps on what is there already.
  Made go_on(Made made, int steps, bool computes) {
    computes_ = computes;
    for (int k = 0; k < steps; ++k) step(made);
    return made;
  }

  /// Puts the tensor `name` as it is at the start, say of the recipe's own output.
  Made start(const std::string& text, DType dtype, const Shape& shape, Values values) {
    Made made{
        text, {shape, {}, std::vector<std::size_t>(shape.size(), 1), std::move(values)}, dtype};
    name_axes(made);
    return made;
  }

  const std::vector<RandomTensor>& tensors() const { return tensors_; }
  std::int64_t one_of(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random_);
  }

 private:
  template <typename T>
  const T& pick(const std::vector<T>& from) {
    return from[static_cast<std::size_t>(one_of(0, static_cast<std::int64_t>(from.size()) - 1))];
  }

  Made source(DType dtype, const Shape& shape) {
    const std::string name = fmt::format("{}.{}", prefix_, tensors_.size());
    tensors_.push_back({name, dtype, shape});
    Naive naive{shape, {}, std::vector<std::size_t>(shape.size(), 1), {}};
    for (std::int64_t k = 0; k < numel(shape); ++k) naive.values.push_back(made_up(name, k));
    return {"m:" + name, std::move(naive), dtype};
  }

  static std::string pattern(const Naive& x) {
    std::string text;
    std::size_t axis = 0;
    for (const std::size_t group : x.groups) {
      if (!text.empty()) text += ' ';
      std::string names;
      for (std::size_t k = 0; k < group; ++k) names += (k > 0 ? " " : "") + x.names[axis++];
      text += group == 1 ? names : "(" + names + ")";
    }
    return text;
  }
  static std::string view_of(const Naive& x) {
    std::string text = fmt::format("view(\"{}\"", pattern(x));
    std::size_t axis = 0;
    for (const std::size_t group : x.groups) {
      for (std::size_t k = 0; k < group; ++k, ++axis)
        if (k > 0) text += fmt::format(", {}={}", x.names[axis], x.sizes[axis]);
    }
    return text + ")";
  }

  /// Names all axes afresh and splits dimensions where they divide.
  void name_axes(Made& made) {
    Naive viewed{{}, {}, {}, made.result.values};
    for (std::int64_t size : made.result.shape()) {
      std::size_t axes = 1;
      Shape inner;
      for (const std::int64_t divisor : {2, 3}) {
        if (size > divisor && size % divisor == 0 && one_of(0, 1) == 1) {
          inner.push_back(divisor);
          size /= divisor;
          ++axes;
        }
      }
      inner.insert(inner.begin(), size);
      viewed.sizes.insert(viewed.sizes.end(), inner.begin(), inner.end());
      viewed.groups.push_back(axes);
    }
    for (std::size_t k = 0; k < viewed.sizes.size(); ++k)
      viewed.names.push_back(fmt::format("x{}", next_name_++));
    made.text += " | " + view_of(viewed);
    made.result = std::move(viewed);
  }

  void step(Made& made) {
    switch (one_of(0, computes_ ? 24 : 13)) {
      case 0:
        return name_axes(made);
      case 1:
        return times(made, true);
      case 2:
        return times(made, false);
      case 3:
      case 4:
        return select(made);
      case 5:
        return permute(made);
      case 6:
        return reverse(made);
      case 7:
      case 8:
        return enlarge_or_cut(made);
      case 9:
        return reshape(made);
      case 10:
        return concat(made);
      case 11:
        return stack(made);
      case 12:
        return interleave(made);
      case 13:
        return mask(made);
      case 14:
        return affine(made);
      case 15:
        return clamp(made);
      case 16:
        return cast(made);
      case 17:
        return linear(made);
      case 18:
        return matmul(made);
      case 19:
        return reduce(made);
      case 20:
        return combine(made);
      case 21:
        return against_itself(made);
      case 22:
        return largest(made);
      case 23:
        return transpose(made);
      default:
        return split_halves(made);
    }
  }

  std::size_t any_axis(const Made& made) {
    return static_cast<std::size_t>(
        one_of(0, static_cast<std::int64_t>(made.result.sizes.size()) - 1));
  }
  static bool is_large(const Made& made) { return made.result.values.size() > 400; }

  void times(Made& made, bool whole) {
    const std::size_t a = any_axis(made);
    const std::int64_t count = is_large(made) ? 1 : one_of(1, 3);
    const std::int64_t size = made.result.sizes[a];
    made.text +=
        fmt::format(" | {}({}={})", whole ? "tile" : "repeat", made.result.names[a], count);
    made.result = made.result.along(a, size * count,
                                    [&](std::int64_t i) { return whole ? i % size : i / count; });
  }

  void select(Made& made) {
    const std::size_t a = any_axis(made);
    const std::int64_t size = made.result.sizes[a];
    const std::int64_t kind = one_of(0, 3);
    std::vector<std::int64_t> taken;
    std::string text;
    const char* name = "gather";
    if (kind == 0) {
      const std::int64_t begin = one_of(0, size - 1), end = one_of(begin + 1, size);
      for (std::int64_t i = begin; i < end; ++i) taken.push_back(i);
      text = fmt::format("{} .. {}", begin, end);
      name = "slice";
    } else {
      for (std::int64_t i = 0; i < size; ++i)
        if (one_of(0, 1) == 1) taken.push_back(i);
      if (taken.empty() || (kind == 2 && taken.size() == static_cast<std::size_t>(size)))
        taken = {size - 1};
      if (kind == 2 && size == 1) return;
      std::vector<std::int64_t> written = taken;
      if (kind == 1) std::shuffle(written.begin(), written.end(), random_);
      if (kind == 3) {
        std::shuffle(written.begin(), written.end(), random_);
        written.push_back(written.front());
        taken = written;
        if (one_of(0, 1) == 1) written.front() -= size;
      }
      for (const std::int64_t i : written) text += (text.empty() ? "[" : ", ") + std::to_string(i);
      text += "]";
      name = kind == 1 ? "keep" : kind == 2 ? "drop" : "gather";
      if (kind == 2) {
        std::vector<std::int64_t> left;
        for (std::int64_t i = 0; i < size; ++i)
          if (std::find(taken.begin(), taken.end(), i) == taken.end()) left.push_back(i);
        taken = left;
      }
    }
    made.text += fmt::format(" | {}({}={})", name, made.result.names[a], text);
    made.result =
        made.result.along(a, static_cast<std::int64_t>(taken.size()),
                          [&](std::int64_t i) { return taken[static_cast<std::size_t>(i)]; });
  }

  void permute(Made& made) {
    const Naive old = made.result;
    std::vector<std::size_t> order(old.sizes.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::shuffle(order.begin(), order.end(), random_);
    Naive next{{}, {}, {}, {}};
    for (const std::size_t axis : order) {
      next.sizes.push_back(old.sizes[axis]);
      next.names.push_back(old.names[axis]);
      if (next.groups.empty() || one_of(0, 1) == 1) {
        next.groups.push_back(1);
      } else {
        ++next.groups.back();
      }
    }
    made.result = next.made(next.sizes, [&](const Index& index) {
      Index from(index.size());
      for (std::size_t k = 0; k < order.size(); ++k) from[order[k]] = index[k];
      return old.at(from);
    });
    made.text += fmt::format(" | permute(\"{}\")", pattern(made.result));
  }

  void reverse(Made& made) {
    const std::size_t a = any_axis(made);
    const std::int64_t size = made.result.sizes[a];
    made.text += fmt::format(" | reverse({})", made.result.names[a]);
    made.result = made.result.along(a, size, [&](std::int64_t i) { return size - 1 - i; });
  }

  void enlarge_or_cut(Made& made) {
    const std::size_t a = any_axis(made);
    const std::int64_t old = made.result.sizes[a];
    const std::int64_t size = one_of(1, is_large(made) ? old : old + 3);
    const double fill = static_cast<double>(one_of(-1, 2));
    const std::string& name = made.result.names[a];
    const bool power_of_two = (old & (old - 1)) == 0;
    if (computes_ && size > old && power_of_two && one_of(0, 1) == 1) {
      made.text += fmt::format(" | resize({}={}, fill=mean)", name, size);
      const Naive before = made.result;
      Shape sizes = before.sizes;
      sizes[a] = size;
      made.result = before.made(sizes, [&](Index index) {
        if (index[a] < old) return before.at(index);
        double sum = 0;
        for (index[a] = 0; index[a] < old; ++index[a]) sum += before.at(index);
        return sum / static_cast<double>(old);
      });
      return;
    }
    static const std::vector<std::string> anchors = {"start", "center", "end"};
    const std::string at = pick(anchors);
    const std::string transform = one_of(0, 1) == 1 ? "fit" : size < old ? "crop" : "pad";
    const std::int64_t offset = at == "start" ? 0
                                : at == "center"
                                    ? (size > old ? (size - old) / 2 : (old - size) / 2)
                                : size > old ? size - old
                                             : old - size;
    made.text += fmt::format(" | {}({}={}, at={}{})", transform, name, size, at,
                             transform == "crop" ? "" : fmt::format(", fill={}", fill));
    made.result = made.result.along(
        a, size,
        [&](std::int64_t i) {
          const std::int64_t from = size > old ? i - offset : i + offset;
          return from < old ? from : -1;
        },
        fill);
  }

  void reshape(Made& made) {
    const auto total = static_cast<std::int64_t>(made.result.values.size());
    const std::int64_t first = total % 2 == 0 ? 2 : 1;
    made.text += fmt::format(" | reshape([{}, -1])", first);
    made.result = Naive{{first, total / first}, {}, {1, 1}, made.result.values};
    name_axes(made);
  }

  /// A fresh tensor with the axes of `like`, one of them of another size.
  Made partner(const Made& like, std::size_t axis, std::int64_t size) {
    Naive shaped = like.result;
    shaped.sizes[axis] = size;
    Made made = source(like.dtype, shaped.shape());
    shaped.values = made.result.values;
    made.result = shaped;
    if (std::any_of(shaped.groups.begin(), shaped.groups.end(), [](auto g) { return g > 1; }) ||
        one_of(0, 1) == 1)
      made.text += " | " + view_of(shaped);
    return made;
  }

  void concat(Made& made) {
    if (is_large(made)) return;
    const std::size_t a = any_axis(made);
    Made other = partner(made, a, one_of(1, 3));
    if (one_of(0, 1) == 1) std::swap(made, other);
    // The names are those of the first operand, which may have none.
    made.text =
        fmt::format("concat({}, {}, axis={})", named(made), named(other), made.result.names[a]);
    const Naive x = made.result, y = other.result;
    Shape sizes = x.sizes;
    sizes[a] += y.sizes[a];
    made.result = x.made(sizes, [&](Index index) {
      if (index[a] < x.sizes[a]) return x.at(index);
      index[a] -= x.sizes[a];
      return y.at(index);
    });
  }
  static std::string named(const Made& made) {
    return made.text.find(" | view") != std::string::npos
               ? made.text
               : made.text + " | " + view_of(made.result);
  }

  void stack(Made& made) {
    if (is_large(made)) return;
    const std::size_t a = any_axis(made);
    const Made other = partner(made, a, made.result.sizes[a]);
    const auto position =
        static_cast<std::size_t>(one_of(0, static_cast<std::int64_t>(made.result.groups.size())));
    made.text = fmt::format("stack({}, {}, axis={})", made.text, other.text, position);
    std::size_t axis = 0;
    for (std::size_t d = 0; d < position; ++d) axis += made.result.groups[d];
    const Naive x = made.result, y = other.result;
    Naive next = x;
    const auto at = static_cast<std::ptrdiff_t>(axis);
    next.sizes.insert(next.sizes.begin() + at, 2);
    next.names.insert(next.names.begin() + at, "");
    next.groups.insert(next.groups.begin() + static_cast<std::ptrdiff_t>(position), 1);
    made.result = next.made(next.sizes, [&](Index index) {
      const std::int64_t which = index[axis];
      index.erase(index.begin() + at);
      return which == 0 ? x.at(index) : y.at(index);
    });
    name_axes(made);
  }

  void interleave(Made& made) {
    if (is_large(made)) return;
    const std::size_t a = any_axis(made);
    const Made other = partner(made, a, made.result.sizes[a]);
    made.text =
        fmt::format("interleave({}, {}, axis={})", made.text, named(other), made.result.names[a]);
    const Naive x = made.result, y = other.result;
    Shape sizes = x.sizes;
    sizes[a] *= 2;
    made.result = x.made(sizes, [&](Index index) {
      const bool second = index[a] % 2 == 1;
      index[a] /= 2;
      return second ? y.at(index) : x.at(index);
    });
  }

  void mask(Made& made) {
    const std::size_t a = any_axis(made);
    const std::int64_t which = one_of(0, made.result.sizes[a] - 1);
    const double fill = static_cast<double>(one_of(-1, 1));
    made.text += fmt::format(" | mask({}=[{}], fill={})", made.result.names[a], which, fill);
    made.result = made.result.along(
        a, made.result.sizes[a], [&](std::int64_t i) { return i == which ? -1 : i; }, fill);
  }

  void affine(Made& made) {
    static const std::vector<double> factors = {0.5, -1, 1.0625, 3};
    if (one_of(0, 1) == 1) {
      const double by = pick(factors);
      made.text += fmt::format(" | rescale({})", by);
      made.result = made.result.mapped([&](double v) { return v * by; });
    } else {
      const double value = pick(factors);
      made.text += fmt::format(" | add({})", value);
      made.result = made.result.mapped([&](double v) { return v + value; });
    }
  }

  void clamp(Made& made) {
    made.text += " | clamp(min=-5, max=6)";
    made.result = made.result.mapped([](double v) { return std::min(std::max(v, -5.0), 6.0); });
  }

  void cast(Made& made) {
    static const std::vector<DType> dtypes = {DType::bf16, DType::f16, DType::f32};
    made.dtype = pick(dtypes);
    made.text += fmt::format(" | cast({})", name(made.dtype));
    made.result = made.result.mapped([&](double v) { return rounded(made.dtype, v); });
  }

  void linear(Made& made) {
    const std::size_t a = any_axis(made);
    const Made other = partner(made, a, made.result.sizes[a]);
    made.text = fmt::format("linear({}, {}, weights=[0.5, 2])", made.text, other.text);
    for (std::size_t k = 0; k < made.result.values.size(); ++k)
      made.result.values[k] = 0.5 * made.result.values[k] + 2 * other.result.values[k];
  }

  void matmul(Made& made) {
    const Shape shape = made.result.shape();
    if (shape.size() != 2) return;
    const Made other = source(DType::f32, {shape[1], one_of(1, 4)});
    made.text = fmt::format("matmul({}, {})", made.text, other.text);
    const Naive x{shape, {}, {1, 1}, made.result.values}, y = other.result;
    made.result = x.made({shape[0], y.sizes[1]}, [&](const Index& index) {
      double sum = 0;
      for (std::int64_t k = 0; k < shape[1]; ++k) sum += x.at({index[0], k}) * y.at({k, index[1]});
      return sum;
    });
    name_axes(made);
  }

  void reduce(Made& made) {
    static const std::vector<Reduction> exact = {Reduction::sum, Reduction::max, Reduction::min,
                                                 Reduction::max_abs};
    const bool keep = one_of(0, 1) == 1;
    if (made.result.sizes.size() == 1 && !keep) return;
    const std::size_t a = any_axis(made);
    const Reduction how = pick(exact);
    made.text +=
        fmt::format(" | {}({}{})", name(how), made.result.names[a], keep ? ", keep=true" : "");
    made.result = reduced_along(made.result, a, how);
    if (!keep) drop_axis(made.result, a);
  }

  /// The axis with one entry: the reduction of all it had.
  static Naive reduced_along(const Naive& x, std::size_t a, Reduction how) {
    Shape sizes = x.sizes;
    sizes[a] = 1;
    return x.made(sizes, [&](Index index) {
      Values slice;
      for (index[a] = 0; index[a] < x.sizes[a]; ++index[a]) slice.push_back(x.at(index));
      return reduced(how, slice);
    });
  }
  static void drop_axis(Naive& x, std::size_t a) {
    std::size_t group = 0, begin = 0;
    while (a >= begin + x.groups[group]) begin += x.groups[group++];
    if (--x.groups[group] == 0)
      x.groups.erase(x.groups.begin() + static_cast<std::ptrdiff_t>(group));
    x.sizes.erase(x.sizes.begin() + static_cast<std::ptrdiff_t>(a));
    x.names.erase(x.names.begin() + static_cast<std::ptrdiff_t>(a));
  }

  void combine(Made& made) {
    const std::size_t a = any_axis(made);
    const Made other = partner(made, a, made.result.sizes[a]);
    const bool minus = one_of(0, 1) == 1;
    made.text = fmt::format("0.5 * ({}) {} ({})", made.text, minus ? "-" : "+", other.text);
    for (std::size_t k = 0; k < made.result.values.size(); ++k)
      made.result.values[k] =
          0.5 * made.result.values[k] + (minus ? -1 : 1) * other.result.values[k];
    made.text = "(" + made.text + ")";
  }

  /// A tensor and a reduction of it, which is repeated to fit: by the names of its axes, or because
  /// the reduced axis stays with one entry.
  void against_itself(Made& made) {
    if (made.text.size() > 300) return;
    const std::size_t a = any_axis(made);
    const bool keep = made.result.sizes.size() == 1 || one_of(0, 1) == 1;
    made.text = fmt::format("(({}) - ({} | max({}{})))", made.text, made.text, made.result.names[a],
                            keep ? ", keep=true" : "");
    const Naive most = reduced_along(made.result, a, Reduction::max);
    const Naive x = made.result;
    made.result = x.made(x.sizes, [&](const Index& index) {
      Index at = index;
      at[a] = 0;
      return x.at(index) - most.at(at);
    });
  }

  void largest(Made& made) {
    const bool each = one_of(0, 1) == 1;
    const std::size_t a = any_axis(made);
    const std::int64_t groups = each ? made.result.sizes[a] : 1;
    const auto total = static_cast<std::int64_t>(made.result.values.size());
    const std::int64_t count = one_of(0, total / groups);
    const bool as_mask = one_of(0, 3) == 0;
    made.text += fmt::format(" | {}(count={}{})", as_mask ? "largest_mask" : "keep_largest", count,
                             each ? ", each=" + made.result.names[a] : "");
    // Indices of each group, in row-major order.
    std::vector<std::vector<std::size_t>> places(static_cast<std::size_t>(groups));
    made.result.made(made.result.sizes, [&](const Index& index) {
      places[static_cast<std::size_t>(each ? index[a] : 0)].push_back(made.result.flat(index));
      return 0.0;
    });
    for (const auto& group : places) {
      Values values;
      for (const std::size_t place : group) values.push_back(made.result.values[place]);
      values = kept_largest(values, count, as_mask);
      for (std::size_t k = 0; k < group.size(); ++k) made.result.values[group[k]] = values[k];
    }
  }

  void transpose(Made& made) {
    const Naive old = made.result;
    Naive next{{}, {}, {old.groups.rbegin(), old.groups.rend()}, {}};
    std::vector<std::size_t> order;
    std::size_t end = old.sizes.size();
    for (const std::size_t group : next.groups) {
      end -= group;
      for (std::size_t k = 0; k < group; ++k) order.push_back(end + k);
    }
    for (const std::size_t axis : order) {
      next.sizes.push_back(old.sizes[axis]);
      next.names.push_back(old.names[axis]);
    }
    made.text += " | transpose";
    made.result = next.made(next.sizes, [&](const Index& index) {
      Index from(index.size());
      for (std::size_t k = 0; k < order.size(); ++k) from[order[k]] = index[k];
      return old.at(from);
    });
  }

  void split_halves(Made& made) {
    if (is_large(made)) return;
    const std::size_t a = any_axis(made);
    const std::int64_t size = made.result.sizes[a];
    made.text += fmt::format(" | split_halves({})", made.result.names[a]);
    made.result = made.result.along(a, size * 2, [&](std::int64_t i) { return i % size; })
                      .mapped([](double v) { return v / 2; });
  }

  std::mt19937_64 random_;
  std::string prefix_;
  std::vector<RandomTensor> tensors_;
  bool computes_ = true;
  int next_name_ = 0;
};

}  // namespace inarch
