#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "compiler/plan/plan.h"

namespace inarch {

/// The first bytes of a safetensors file: u64 little-endian length, JSON with `__metadata__`
/// {"format": "pt"} and the tensors in order, spaces up to a multiple of 8. Tensors follow one
/// another from offset 0; their `offset` fields are not read. (safetensors README, "Format")
std::string make_shard_header(std::span<const OutputTensor> tensors);

/// model.safetensors.index.json of the checkpoint in `directory`, "" for the only one: total_size,
/// total_parameters, and the shard of every tensor by name.
std::string make_weight_index(const Plan& plan, std::string_view directory,
                              std::int64_t parameters);

/// "model.safetensors" for one shard, else "model-00001-of-00002.safetensors".
std::string shard_name(std::uint32_t shard, std::uint32_t count);

}  // namespace inarch
