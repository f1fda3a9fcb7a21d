#pragma once

#include <cstdint>
#include <span>

namespace inarch {

/// What lies between two magnitudes: of each the magnitude's bits, and below them all ones less the
/// place, so that they are ordered as they are selected.
struct Between {
  std::span<std::uint64_t> room;
  std::uint32_t low = 0;   // inclusive
  std::uint32_t high = 0;  // exclusive
  std::int64_t above = 0;  // how many are at least `high`
  std::int64_t found = 0;  // those between, also those for which there was no room
};

/// One way to collect what lies between; the ways differ in speed only. The first value has place
/// `place`, and all places are less than 2^32.
struct BetweenPath {
  const char* name;
  bool supported;  // by this processor
  void (*add)(const float* values, std::int64_t n, std::uint32_t place, Between& so_far);
};
/// All ways, fastest first; the last is supported everywhere.
std::span<const BetweenPath> between_paths();
/// The fastest that this processor supports.
const BetweenPath& between_path();

}  // namespace inarch
