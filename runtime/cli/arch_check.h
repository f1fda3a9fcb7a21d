#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "compiler/architecture/coverage.h"
#include "runtime/cli/inspect_architecture.h"

namespace inarch {

/// One checkpoint, held against an architecture.
struct ArchCheckModel {
  std::string location;
  std::string recognised_as;  // the family that inspect would name; "" for none
  bool from_config = false;   // by its config; else by its tensors
  std::int64_t parameters = 0;
  ArchitectureFinding finding;
};

/// What `inarch check-arch` tells.
struct ArchCheckReport {
  std::string architecture;
  std::string title;
  std::vector<ArchCheckModel> models;
  std::vector<Untried> untried;

  /// How many models are as the architecture says.
  std::size_t agreeing() const;
};

/// Holds checkpoints against one architecture and adds up what they show of it.
class ArchCheck {
 public:
  ArchCheck(Architecture architecture, SourceMap& sources);

  void add(const Checkpoint& checkpoint);
  ArchCheckReport report() const;

 private:
  Architecture architecture_;
  SourceMap& sources_;
  Coverage coverage_;
  ArchCheckReport report_;
};

/// For people: each checkpoint, and not more than a few differences of each unless `all`; then what
/// was not tried.
std::string arch_check_text(const ArchCheckReport& report, const SourceMap& sources, bool all,
                            std::size_t width);

/// One JSON object on one line:
///
///   schema        "inarch/check-arch/1"
///   architecture, title
///   models        [{location, recognised_as (null for none), recognised_by: "config" | "tensors" |
///                 null, spelling (null for the usual one), agrees, not_compared (why, or null),
///                 matched, parameters, buffers, buffer_elements, optional, accepted,
///                 ignored, tied_left_out, differences (as inspect has them)}]
///   untried       [{kind, text, never, lines}]: see Untried
std::string arch_check_json(const ArchCheckReport& report, const SourceMap& sources);

}  // namespace inarch
