#include "compiler/passes/pipeline.h"

namespace inarch {

void merge_copies(Module& module) {
  std::vector<StepDraft> merged;
  for (const StepDraft& step : module.steps) {
    StepDraft* before = merged.empty() ? nullptr : &merged.back();
    const bool both_copy = before && before->copy && step.copy;
    const bool same_shard = both_copy && module.placements[before->first_output].shard ==
                                             module.placements[step.first_output].shard;
    const bool adjacent = same_shard && before->copy->source == step.copy->source &&
                          before->copy->file == step.copy->file &&
                          before->copy->offset + before->copy->bytes == step.copy->offset &&
                          before->first_output + before->output_count == step.first_output;
    if (adjacent) {
      before->copy->bytes += step.copy->bytes;
      before->output_count += step.output_count;
    } else {
      merged.push_back(step);
    }
  }
  module.steps = std::move(merged);
}

}  // namespace inarch
