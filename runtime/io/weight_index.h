#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/support/diagnostic.h"

namespace inarch {

/// What model.safetensors.index.json says: which shard holds which tensor.
struct WeightIndex {
  struct Entry {
    std::string tensor;
    std::uint32_t shard = 0;  // index into shards
  };
  std::vector<std::string> shards;  // relative paths, each safe to open below the directory
  std::vector<Entry> entries;       // in the order of the text
  std::optional<std::int64_t> total_size;
};

/// Shards are sorted, numbers in their names by value. Errors: E424, E426, E427; their subject is
/// `path`.
std::optional<WeightIndex> parse_weight_index(std::string_view json, const std::string& path,
                                              Diagnostics& diagnostics);

/// Why `shard` must not be opened below a model's directory ("is an absolute path"); nothing when
/// it may be.
std::optional<std::string_view> unsafe_shard_name(std::string_view shard);

}  // namespace inarch
