#pragma once

#include <cstdint>
#include <string>

#include "compiler/plan/plan.h"
#include "compiler/support/result.h"

namespace inarch {

/// Proves that running `plan` stays inside its files: every index, offset, count, stride and size
/// is in range and none overflows; each output is produced by exactly one step of the right size;
/// the outputs of a shard follow each other without gaps from its header to its end, and the header
/// says the same. Errors: E612 (inconsistent), E613 (memory stated wrongly), E614 (header). `path`
/// is the subject of messages.
Status check_plan(const Plan& plan, const std::string& path);

/// The same for the programs of `plan.checks` alone, against the sources and shards of `plan`.
Status check_programs(const Plan& plan, const std::string& path);

/// Longest chain of ops and most evaluations of one element that a program may need: deeper ones
/// would exhaust the stack, and a chain of doubled inputs would never end.
inline constexpr std::int64_t max_program_depth = 200;
inline constexpr std::int64_t max_program_paths = 1'000'000;

}  // namespace inarch
