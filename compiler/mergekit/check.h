#pragma once

#include "compiler/mergekit/config.h"

namespace inarch {

/// What is wrong with a document before its models are looked at: parameters that stand where the
/// method does not look (E556) or that it does not use (W551), a base that is missing or is one too
/// many, numbers of models that the method does not take (E564), a model named twice in one merge
/// (W554), ranges of layers that are reversed (E561) or of different lengths (E562).
void check_mergekit(const MergekitConfig& config, Diagnostics& diagnostics);

/// The inputs of a merge: the models, with the base after them where it is not among them.
std::vector<MergekitInput> inputs_of(const MergekitModule& module, const MergekitConfig& config);

/// The base of a slice: its own, or the document's.
const std::optional<MergekitModel>& base_of(const MergekitSlice* slice,
                                            const MergekitConfig& config);

/// E564 when the method cannot merge these; `span` is the slice or the list.
bool check_inputs(const std::vector<MergekitInput>& inputs,
                  const std::optional<MergekitModel>& base, const MergekitConfig& config, Span span,
                  Diagnostics& diagnostics);

}  // namespace inarch
