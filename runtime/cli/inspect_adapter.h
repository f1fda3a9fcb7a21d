#pragma once

#include <string>

#include "compiler/core/value.h"

namespace inarch {

/// What a person wants to know of a PEFT adapter first: an ordered map of `kind`, `rank`, `alpha`,
/// `dora`, `rank_stabilized`, `other_ranks` and `other_alphas` (how many patterns name others),
/// `target_modules` and `modules_to_save` (texts, sorted; a single text where it is a pattern), and
/// `base`. What the config does not say is not there. Empty when `config` is no adapter's.
Value::Map adapter_highlights(const Value& config);

/// The same in words: "LoRA of rank 8, alpha 16, over models/base: k_proj and q_proj".
std::string adapter_sentence(const Value::Map& highlights);

}  // namespace inarch
