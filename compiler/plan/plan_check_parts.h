#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "compiler/core/shape.h"
#include "compiler/plan/plan.h"
#include "compiler/plan/plan_fields.h"

namespace inarch {

/// No file is larger, so that sums of sizes in bytes fit 63 bits.
inline constexpr std::int64_t max_file_bytes = std::int64_t{1} << 60;

/// "steps[12].scratch", put into words only when there is something to say about it.
struct PlanPlace {
  std::string_view list;
  std::size_t index = 0;
  std::string_view part;

  PlanPlace operator/(std::string_view inside) const { return {list, index, inside}; }
  std::string text() const;
};

/// Where a program stands, which decides what it may do.
enum class ProgramUse : std::uint8_t { move, compute, check };

/// a · b, or nothing when a factor is negative or the product above max_elements.
std::optional<std::int64_t> bounded_product(std::int64_t a, std::int64_t b);

/// Checks every op of `program`; `output` is the dtype it produces. The first fault is set (E612).
void check_program(const Plan& plan, const Program& program, ProgramUse use, DType output,
                   const PlanPlace& where, PlanFault& fault);

/// Compares the header of shard `shard` with outputs [first, end) of the plan (E614).
void check_header(const Plan& plan, std::size_t shard, std::size_t first, std::size_t end,
                  PlanFault& fault);

}  // namespace inarch
