#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/architecture/architecture.h"
#include "compiler/core/value.h"
#include "compiler/support/diagnostic.h"
#include "runtime/cli/synth_values.h"

namespace inarch {

/// The files of a synthetic checkpoint, before any byte of them is written.
struct SynthLayout {
  struct Shard {
    std::string name;
    std::string header;
    std::int64_t size = 0;
    std::size_t begin = 0, end = 0;  // its tensors
  };
  std::vector<SynthTensor> tensors;  // by shard, then by offset
  std::vector<Shard> shards;
  std::string index;  // model.safetensors.index.json; "" for a single shard
  std::int64_t parameters = 0;
  std::int64_t buffer_elements = 0;
  std::int64_t bytes = 0;  // of all tensors
};

/// Lays out what a model would save: required tensors and buffers, in `dtype` unless the
/// architecture fixes another, in shards of at most `shard_size` bytes of tensors (one larger than
/// that has a shard to itself); inside a shard by dtype, widest first, then by name, as safetensors
/// writes. E731: a tensor or shard that no reader could open.
std::optional<SynthLayout> lay_out_model(const std::vector<ArchTensor>& expected, DType dtype,
                                         std::int64_t shard_size, Diagnostics& diagnostics);

/// The config with every dtype that it states (`dtype`, `torch_dtype`, also of its parts) replaced.
/// False when there was nothing to replace.
bool set_config_dtype(Value& config, DType dtype);

}  // namespace inarch
