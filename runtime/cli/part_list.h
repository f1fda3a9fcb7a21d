#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/core/value.h"
#include "compiler/plan/plan.h"
#include "runtime/executor/manifest.h"

namespace inarch {

/// One of several checkpoints that are built together, counted.
struct PartSummary {
  std::string name;
  std::string directory;
  std::int64_t tensors = 0;
  std::int64_t parameters = 0;
  std::int64_t buffer_elements = 0;
  std::int64_t shards = 0;
  std::int64_t bytes = 0;    // of the shards
  std::string architecture;  // that it is complete for, or ""
};

/// None where there is one checkpoint.
std::vector<PartSummary> summarize_parts(const Plan& plan);
std::vector<PartSummary> summarize_parts(const Manifest& manifest);

/// A line for each, below headings, indented; "" for none.
std::string part_lines(const std::vector<PartSummary>& parts, std::size_t width);
/// A list of mappings, for --json.
Value part_values(const std::vector<PartSummary>& parts);

}  // namespace inarch
