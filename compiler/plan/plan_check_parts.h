#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "compiler/plan/plan.h"
#include "compiler/plan/plan_fields.h"

namespace inarch {

/// No file is larger and no op yields more, so that sizes in bytes fit 63 bits with room to add.
inline constexpr std::int64_t max_file_bytes = std::int64_t{1} << 60;
inline constexpr std::int64_t max_elements = std::int64_t{1} << 50;

/// Where a program stands, which decides what it may do.
enum class ProgramUse : std::uint8_t { move, compute, check };

/// a · b, or nothing when a factor is negative or the product above max_elements.
std::optional<std::int64_t> bounded_product(std::int64_t a, std::int64_t b);

/// Checks every op of `program`; `output` is the dtype it produces. The first fault is set (E612).
void check_program(const Plan& plan, const Program& program, ProgramUse use, DType output,
                   const std::string& where, PlanFault& fault);

/// Compares the header of shard `shard` with outputs [first, end) of the plan (E614).
void check_header(const Plan& plan, std::size_t shard, std::size_t first, std::size_t end,
                  PlanFault& fault);

}  // namespace inarch
