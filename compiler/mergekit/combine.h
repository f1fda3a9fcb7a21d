#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/mergekit/models.h"
#include "compiler/mergekit/settings.h"

namespace inarch {

/// A model of a rule, with the names of its tensors as its parameters are looked up by.
struct MergeOperand {
  const MergekitView* view = nullptr;
  bool is_base = false;
  Span span;
  SettingLevels levels;  // of its own parameters, then the slice's, …
  SettingScope scope;
};

/// What one rule merges. Operands are in the order of the recipe: the base first, where the method
/// has one.
struct MergeRequest {
  const MergekitMethod* method = nullptr;
  std::vector<MergeOperand> operands;
  SettingLevels levels;  // of the method's own parameters
  SettingScope scope;    // of the results
  Span method_span;      // where the method is named
  bool vectors = false;  // the tensors have one dimension
  Span span;
  std::string rounded_as{};  // the dtype that mergekit rounds to after every operation
};

/// Lines below a rule's `from` and `to`, with what they stand for; none for a plain copy.
struct MergeBody {
  std::vector<std::pair<std::string, Span>> lines;
  /// Where not all tensors need computing: a condition on those that do, and the lines for them.
  /// The others are plain copies.
  std::string where{};
  std::vector<std::pair<std::string, Span>> lines_where{};
  bool operator==(const MergeBody& other) const;
};

/// How a recipe says what the method makes of the operands. Parameters that are missing (E557), out
/// of range for the method (E559), or that sum to zero where they are divided by their sum (E560),
/// are faults.
std::optional<MergeBody> merge_body(const MergeRequest& request, SettingResolver& resolver,
                                    Diagnostics& diagnostics);

}  // namespace inarch
