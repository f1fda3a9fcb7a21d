#include "runtime/lock/rebuild.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/core/json.h"
#include "compiler/support/text.h"
#include "runtime/io/checkpoint.h"
#include "runtime/io/directory.h"

namespace inarch {

namespace {

/// An adapter's location is its directory, and its weights are one file there.
bool names_the_file(const LockedSource& locked, const std::string& location) {
  return locked.is_single_file && base_name(location) == locked.shards.front().name;
}

std::string without_slashes(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

Result<Value> read_config(const LockedSource& locked, const std::string& directory,
                          const char* name) {
  const LockedFile* file = locked.find_file(name);
  if (!file || !file->content) return Value();
  const std::string path = join_path(directory, name);
  auto config = parse_json(*file->content, path);
  if (config && !config->if_map()) return error("E420", "expected an object").in(path);
  return config;
}

}  // namespace

std::string directory_of_locked(const LockedSource& locked, const std::string& location) {
  return without_slashes(names_the_file(locked, location) ? parent_path(location) : location);
}

Result<Checkpoint> rebuild_checkpoint(const LockedSource& locked, const std::string& location) {
  const std::string directory = directory_of_locked(locked, location);
  auto config = read_config(locked, directory, "config.json");
  auto adapter_config = read_config(locked, directory, adapter_config_name);
  if (!config) return std::move(config.error());
  if (!adapter_config) return std::move(adapter_config.error());
  Checkpoint checkpoint;
  checkpoint.location =
      locked.is_single_file ? join_path(directory, locked.shards.front().name) : directory;
  for (const LockedShard& shard : locked.shards) {
    checkpoint.files.push_back(
        {join_path(directory, shard.name), shard.name, shard.size, 0, 0, shard.header_sha256});
  }
  checkpoint.tensors = locked.tensors;
  checkpoint.build_index();
  if (const auto repeated = checkpoint.repeated(); !repeated.empty()) {
    return error("E440", fmt::format("source '{}' has a tensor '{}' twice", locked.name,
                                     escape_for_terminal(locked.tensors[repeated.front()].name)));
  }
  checkpoint.config = config->is_null() ? *adapter_config : std::move(*config);
  checkpoint.adapter_config = std::move(*adapter_config);
  if (locked.is_single_file) return checkpoint;
  for (const LockedFile& file : locked.files) checkpoint.side_files.push_back(file.name);
  checkpoint.side_files.insert(checkpoint.side_files.end(), locked.others.begin(),
                               locked.others.end());
  std::sort(checkpoint.side_files.begin(), checkpoint.side_files.end());
  return checkpoint;
}

}  // namespace inarch
