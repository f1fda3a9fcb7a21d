#pragma once

#include <string>
#include <vector>

#include "compiler/mergekit/config.h"
#include "compiler/mergekit/layers.h"
#include "compiler/mergekit/models.h"
#include "compiler/mergekit/settings.h"

namespace inarch {

/// One model of a slice, opened.
struct SliceInput {
  const MergekitInput* written = nullptr;
  std::vector<const MergekitInput*> again;  // where the same model is named once more
  const MergekitView* view = nullptr;
  std::int64_t first_layer = 0;
  bool is_base = false;
};

/// A run of layers of the result, and what they are merged from: the base first, where the method
/// tells it from the others.
struct PlannedSlice {
  std::vector<SliceInput> inputs;
  std::int64_t layers = 0;
  std::int64_t first_result = 0;  // the number of its first layer in the result
  SettingLevels levels;           // of the slice, the module, the whole
  Span span;

  /// Those of one input, its own first.
  SettingLevels levels_of(const SliceInput& input) const;
};

/// The slices over one stack of layers.
struct PlannedStack {
  LayerStack stack;  // of the first input of the first slice
  std::vector<PlannedSlice> slices;

  std::int64_t layers() const;
};

/// `models`, or an entry of `modules`, with the layers that there are.
struct PlannedModule {
  std::string name;
  Span span;
  std::vector<PlannedStack> stacks;  // one, where there are slices
  PlannedSlice first;                // what tensors before the layers are merged from, and after
  PlannedSlice last;
};

/// Opens the models of a module and fits its slices to the layers that they have; nothing on a
/// fault. `storage` keeps what `models` alone does not spell out.
std::optional<PlannedModule> plan_module(const MergekitModule& module, const MergekitConfig& config,
                                         MergekitModels& models, std::deque<MergekitInput>& storage,
                                         Diagnostics& diagnostics);

}  // namespace inarch
