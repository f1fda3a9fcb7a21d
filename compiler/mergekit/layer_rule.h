#pragma once

#include <string>
#include <utility>
#include <vector>

#include "compiler/mergekit/combine.h"
#include "compiler/mergekit/rule_draft.h"
#include "compiler/mergekit/slices.h"
#include "compiler/mergekit/tensors.h"

namespace inarch {

/// A rule for the layers of a slice, but for what is done with its operands.
struct LayerRule {
  RuleDraft draft;
  MergeRequest request;                         // its scopes are filled in
  std::vector<std::vector<std::string>> names;  // of the tensors, by input
  std::vector<std::pair<std::string, Shape>> results;
};

/// What is merged for a slice, without its scopes.
MergeRequest request_for(const PlannedSlice& slice, const MergekitMethod& method, Span method_span);

/// Fills in a rule over all layers of a slice; `only` says which of their tensors, all where it is
/// empty. The rule's words end in `suffix`. False when a model lacks a tensor, which is reported.
bool fill_layer_rule(const PlannedStack& stack, const PlannedSlice& slice,
                     const std::vector<std::string>& only, const std::string& suffix,
                     MergeTensors& tensors, LayerRule& rule);

/// What the tensors of a slice's layers are called in their layer, those of one dimension or the
/// others.
std::vector<std::string> names_of_rank(const PlannedStack& stack, const PlannedSlice& slice,
                                       bool vectors);

}  // namespace inarch
