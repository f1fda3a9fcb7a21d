#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/core/catalog.h"
#include "compiler/support/result.h"

namespace inarch {

/// A file other than weights that a compilation has read: one of a source, or one that the recipe
/// names.
struct LockedFile {
  std::string name;  // in the source's directory; of a recipe's own, as seen from its folder
  std::int64_t size = 0;
  std::string sha256;
  std::optional<std::string> content;  // what is small is kept whole
};

/// A file of weights.
struct LockedShard {
  std::string name;
  std::int64_t size = 0;
  std::int64_t header_bytes = 0;  // where the data begins
  std::string header_sha256;
  std::string sample_sha256;  // of places all over the file (sample_digest)
  std::string sha256;         // of the whole; "" when it was not taken
};

/// Where the recipe has a source.
struct LockedPlace {
  bool is_hub = false;
  std::string location;  // a path as seen from the recipe's folder, or org/name
  std::string revision;  // of a hub, as the recipe has it; "" for its main branch
  std::string commit;    // what the revision stood for
};

struct LockedSource {
  std::string name;                  // "text", "experts[3]", "tuned.adapter"
  std::optional<LockedPlace> place;  // nothing when the lock was made with --source
  bool is_adapter = false;
  bool is_single_file = false;  // of weights, and not a directory
  std::vector<LockedFile> files;
  std::vector<std::string> others;  // names of files beside the weights that were not read
  std::vector<LockedShard> shards;
  std::vector<TensorInfo> tensors;              // as stored, by shard and then by offset
  std::map<std::uint32_t, std::string> values;  // bytes of small tensors that were read, by number

  const LockedFile* find_file(std::string_view name) const;
};

/// All that a recipe was compiled from: enough to compile it again without a weight.
struct Lock {
  std::vector<LockedSource> sources;
  std::vector<LockedFile> files;

  const LockedSource* find(std::string_view source) const;
};

inline constexpr std::string_view lock_schema = "inarch/lock/1";
/// A longer file is no lock.
inline constexpr std::int64_t lock_limit = std::int64_t{256} << 20;

/// "dir/recipe.lock" of "dir/recipe.yaml".
std::string lock_path_of(std::string_view recipe_path);

/// The document that read_lock() reads. The same lock gives the same text, with a tensor, or a
/// pattern of tensors, on a line.
std::string write_lock(const Lock& lock);

/// Reads and checks a lock. E440, with `path` as subject, on anything that no lock says: sizes that
/// do not add up, names that lead elsewhere, content that is not that of its digest, more tensors
/// than any model has.
Result<Lock> read_lock(std::string_view text, const std::string& path);

}  // namespace inarch
