#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "compiler/core/catalog.h"
#include "compiler/picture/memory_curve.h"
#include "compiler/picture/outline.h"
#include "compiler/picture/output_story.h"
#include "compiler/plan/plan.h"

namespace inarch {

/// What a picture is made of beside the plan.
struct PictureInput {
  const Plan& plan;
  /// By source of the plan; null, or missing, where names of tensors are not known.
  std::vector<std::shared_ptr<const Checkpoint>> checkpoints;
  /// By path, as origins of outputs have it: texts that rules are shown in.
  std::map<std::string, std::string> texts;
  int jobs = 1;
  std::int64_t budget = 0;
};

/// What a plan does, arranged to be looked at: outputs by name with what repeats said once, and
/// what becomes of sources on the way to each.
struct PlanPicture {
  explicit PlanPicture(const PictureInput& input);

  const PictureInput& input;
  SourceNames names;
  std::vector<OutputStory> stories;  // by output of the plan
  /// With several checkpoints, the first level are these, by the names of the plan's parts.
  std::vector<OutlineNode> outline;
  MemoryCurve memory;
  std::vector<std::vector<std::int64_t>> read;  // by source and file: bytes, each once

  /// What is the same for all outputs that a leaf stands for.
  const OutputTensor& first_of(const OutlineNode& leaf) const {
    return input.plan.outputs[leaf.members.front()];
  }
  const OutputStory& story_of(const OutlineNode& leaf) const {
    return stories[leaf.members.front()];
  }
};

/// A page that needs nothing else (pages/plan.html).
std::string plan_page(const PlanPicture& picture);

/// Graphviz: sources, what is done, and outputs in clusters by block and layer, in a direction
/// from left to right. Names that differ in numbers alone are one node.
std::string plan_dot(const PlanPicture& picture);

}  // namespace inarch
