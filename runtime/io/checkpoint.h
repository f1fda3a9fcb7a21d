#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "compiler/core/catalog.h"
#include "compiler/support/diagnostic.h"

namespace inarch {

/// The longest config.json that is read.
inline constexpr std::int64_t max_config_bytes = std::int64_t{64} << 20;

/// The files of an adapter, as PEFT calls them.
inline constexpr const char* adapter_config_name = "adapter_config.json";
inline constexpr const char* adapter_weights_name = "adapter_model.safetensors";

/// Reads the headers, the index and config.json of the checkpoint at `location`: a directory with
/// model.safetensors.index.json, with model.safetensors, or with other *.safetensors files (all of
/// them, when there is no index); or one .safetensors file. No weight is read, no code of the
/// directory is run and no pickle or GGUF is opened.
///
/// Of a directory, `side_files` are the other regular files at its top, but weights of any kind; of
/// a single file they stay empty, though config.json beside it is read. Shards are ordered by name,
/// numbers by value.
///
/// Errors: E401 to E432, E701. Warnings: W401 (tensors that the index does not list), W402 (the
/// index states another total size). Symlinks: in a snapshot of a hub cache
/// (…/models--x/snapshots/y) they must stay inside that models--x directory; elsewhere they may
/// lead to any regular file, since people link shards together.
std::optional<Checkpoint> open_checkpoint(const std::string& location, Diagnostics& diagnostics);

/// The same for the adapter in a PEFT directory, or in one safetensors file beside which its
/// adapter_config.json lies. E331 where the directory has no adapter_config.json.
std::optional<Checkpoint> open_adapter(const std::string& location, Diagnostics& diagnostics);

}  // namespace inarch
