#pragma once

#include <string>

#include "compiler/core/value.h"

namespace inarch {

/// What a person wants to know of a config.json first, under the names most configs use: an ordered
/// map of `model_type`, `architectures`, sizes, and `quantization`. Sizes of a multimodal config
/// are its text part's; "vision_config" and "audio_config" have maps of their own. Empty when
/// nothing of it is there.
Value::Map config_highlights(const Value& config);

/// The same in words: "gemma3_text, 26 layers, hidden 1152, …".
std::string config_sentence(const Value::Map& highlights);

}  // namespace inarch
