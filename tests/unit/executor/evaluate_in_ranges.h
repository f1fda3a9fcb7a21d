#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/executor/evaluator.h"
#include "runtime/kernels/convert.h"

namespace inarch {

/// The whole result in ranges of random sizes, with exactly the memory that the model states.
inline std::vector<double> evaluate_in_ranges(const Program& program, const Evaluation& how,
                                              DType dtype, const InputFiles& inputs,
                                              std::mt19937_64& random) {
  const auto last = static_cast<std::uint32_t>(program.size() - 1);
  const std::int64_t count = program.back().count;
  const std::int64_t unit =
      scratch::unit_cache_bytes(program, how) + scratch::stack_bytes(program, last, how);
  Arena arena(std::max(unit, scratch::materialise_bytes(program, how)));
  Evaluator evaluator(program, how, dtype, inputs, arena);
  Materialised shared;
  arena.set_limit(scratch::materialise_bytes(program, how));
  EXPECT_TRUE(evaluator.materialise(shared));
  arena.set_limit(unit);
  evaluator.open_cache();
  evaluator.use(&shared);
  std::vector<std::byte> result(static_cast<std::size_t>(count * how.width));
  // Not front to back: nothing may depend on what was evaluated before.
  std::vector<std::pair<std::int64_t, std::int64_t>> ranges;
  for (std::int64_t begin = 0; begin < count;) {
    const std::int64_t n =
        std::min(count - begin,
                 static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(how.tile)) + 1);
    ranges.emplace_back(begin, n);
    begin += n;
  }
  std::shuffle(ranges.begin(), ranges.end(), random);
  for (const auto& [begin, n] : ranges) {
    EXPECT_TRUE(evaluator.evaluate(begin, n, result.data() + begin * how.width));
  }
  std::vector<double> values(static_cast<std::size_t>(count));
  const DType computed = how.width == 8 ? DType::f64 : DType::f32;
  decode(how.raw ? dtype : computed, result.data(), count, values.data());
  return values;
}

}  // namespace inarch
