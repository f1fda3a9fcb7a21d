#pragma once

#include "runtime/forward/config_fields.h"
#include "runtime/forward/decoder_config.h"
#include "runtime/forward/decoder_family.h"

namespace inarch {

/// What the layers of a config differ in: windows, rotary positions, mixtures. Faults are kept in
/// `fields`.
std::vector<LayerConfig> read_layer_configs(ConfigFields& fields, const DecoderFamily& family);

/// The rotary positions of a config, written as `rope_parameters` (of each kind of layer for
/// gemma3_text) or as rope_theta, rope_scaling and rope_local_base_freq. `local`: those of windowed
/// layers of gemma3_text. E581 for what is not computed here, such as yarn.
RopeConfig read_rope_config(ConfigFields& fields, const DecoderFamily& family, bool local);

}  // namespace inarch
