#pragma once

#include <cstdint>

#include "compiler/plan/plan.h"

namespace inarch {

/// The largest set of source files that are needed at once: a file is, from the first step that
/// reads it to the last one. Whoever fetches files when they are due, and drops them once they are
/// done with, needs room for no more. Files that checks read are needed again at the end.
struct SourceWindow {
  std::int64_t files = 0;
  std::int64_t bytes = 0;
};
SourceWindow largest_source_window(const Plan& plan);

}  // namespace inarch
