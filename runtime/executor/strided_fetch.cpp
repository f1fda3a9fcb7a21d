#include "runtime/executor/strided_fetch.h"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace inarch {

namespace {

constexpr std::size_t most_loops = 32;

/// A fixed list of loops: recursion must not allocate.
struct Loops {
  std::array<CopyDim, most_loops> at{};
  std::size_t count = 0;

  void add(const CopyDim& loop) { at[count++] = loop; }
};

std::int64_t reach(const CopyDim& loop) { return (loop.size - 1) * std::abs(loop.source_stride); }

/// How one fetch covers the loops, which are sorted by how far they step in the input, nearest
/// first and repetitions (stride 0) before all: the first `in_run` are inside a run of `span`
/// elements; each of the others starts runs of its own.
struct Layout {
  std::size_t in_run = 0;
  std::int64_t span = 1;
  bool run_is_cut = false;  // loop `in_run` belongs into the run too, but the buffer is too small
};

Layout choose_layout(const StridedInput& input, const Loops& loops) {
  Layout layout;
  for (; layout.in_run < loops.count; ++layout.in_run) {
    const CopyDim& loop = loops.at[layout.in_run];
    if (loop.source_stride == 0) continue;
    const std::int64_t wider = layout.span + reach(loop);
    const bool worth_it =
        wider + input.run_overhead <= loop.size * (layout.span + input.run_overhead);
    if (!worth_it) break;
    if (wider > input.capacity) {
      layout.run_is_cut = true;
      break;
    }
    layout.span = wider;
  }
  return layout;
}

class Fetcher {
 public:
  Fetcher(const StridedInput& input, std::byte* target) : input_(input), target_(target) {}

  bool run(Loops loops, std::int64_t source, std::int64_t target) {
    if (is_one_run(loops)) return fetch_straight(loops, source, target);
    const Layout layout = choose_layout(input_, loops);
    if (layout.run_is_cut) {
      const std::int64_t stride = std::abs(loops.at[layout.in_run].source_stride);
      return in_parts(loops, layout.in_run, 1 + (input_.capacity - layout.span) / stride, source,
                      target);
    }
    std::int64_t rows = 1;  // runs of all loops but the farthest
    for (std::size_t d = layout.in_run; d < loops.count; ++d) {
      const std::int64_t most = input_.capacity / (layout.span * rows);
      if (loops.at[d].size > most) {
        // The farthest loop is cut first, so that what is read together lies together.
        const std::size_t last = loops.count - 1;
        return in_parts(loops, last, d == last ? std::max<std::int64_t>(most, 1) : 1, source,
                        target);
      }
      rows *= loops.at[d].size;
    }
    return fetch_packed(loops, layout, source, target);
  }

 private:
  static bool is_one_run(const Loops& loops) {
    return loops.count == 0 ||
           (loops.count == 1 && loops.at[0].source_stride == 1 && loops.at[0].target_stride == 1);
  }

  bool fetch_straight(const Loops& loops, std::int64_t source, std::int64_t target) {
    const std::int64_t n = loops.count == 0 ? 1 : loops.at[0].size;
    return input_.fetch(source, n, target_ + target * input_.width);
  }

  /// The loop `d` in parts of at most `most` steps.
  bool in_parts(const Loops& loops, std::size_t d, std::int64_t most, std::int64_t source,
                std::int64_t target) {
    const CopyDim whole = loops.at[d];
    for (std::int64_t first = 0; first < whole.size; first += most) {
      Loops part;
      const std::int64_t size = std::min(most, whole.size - first);
      for (std::size_t i = 0; i < loops.count; ++i) {
        CopyDim loop = loops.at[i];
        if (i == d) loop.size = size;
        if (loop.size > 1) part.add(loop);
      }
      if (!run(part, source + first * whole.source_stride, target + first * whole.target_stride)) {
        return false;
      }
    }
    return true;
  }

  /// All runs into the buffer, one after another, then every element to its place.
  bool fetch_packed(const Loops& loops, const Layout& layout, std::int64_t source,
                    std::int64_t target) {
    std::int64_t runs = 1;
    std::int64_t base = 0;  // where the element at index 0 is inside a run
    std::array<CopyDim, most_loops> moves;
    for (std::size_t d = 0; d < loops.count; ++d) {
      CopyDim& move = moves[loops.count - 1 - d];  // outermost first
      move = loops.at[d];
      if (d < layout.in_run) {
        if (move.source_stride < 0) base += reach(move);
      } else {
        move.source_stride = runs * layout.span;
        runs *= move.size;
      }
    }
    for (std::int64_t k = 0; k < runs; ++k) {
      std::int64_t first = source - base;
      std::int64_t rest = k;
      for (std::size_t d = layout.in_run; d < loops.count; ++d) {
        first += rest % loops.at[d].size * loops.at[d].source_stride;
        rest /= loops.at[d].size;
      }
      if (!input_.fetch(first, layout.span, input_.buffer + k * layout.span * input_.width)) {
        return false;
      }
    }
    strided_copy(input_.buffer + base * input_.width, target_ + target * input_.width, input_.width,
                 std::span<const CopyDim>(moves.data(), loops.count));
    return true;
  }

  const StridedInput& input_;
  std::byte* target_;
};

/// Loops that run on into each other become one.
Loops merge_neighbours(const Loops& sorted) {
  Loops merged;
  for (std::size_t i = 0; i < sorted.count; ++i) {
    const CopyDim& loop = sorted.at[i];
    CopyDim* before = merged.count == 0 ? nullptr : &merged.at[merged.count - 1];
    if (before != nullptr && loop.source_stride == before->size * before->source_stride &&
        loop.target_stride == before->size * before->target_stride) {
      before->size *= loop.size;
    } else {
      merged.add(loop);
    }
  }
  return merged;
}

}  // namespace

bool strided_fetch(const StridedInput& input, std::int64_t offset, std::span<const CopyDim> loops,
                   std::byte* target) {
  Loops sorted;
  for (const CopyDim& loop : loops) {
    if (loop.size > 1) sorted.add(loop);
  }
  const auto first = sorted.at.begin();
  const auto end = first + static_cast<std::ptrdiff_t>(sorted.count);
  std::stable_sort(first, end, [](const CopyDim& a, const CopyDim& b) {
    return std::abs(a.source_stride) < std::abs(b.source_stride);
  });
  return Fetcher(input, target).run(merge_neighbours(sorted), offset, 0);
}

}  // namespace inarch
