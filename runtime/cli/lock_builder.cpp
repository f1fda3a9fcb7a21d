#include "runtime/cli/lock_builder.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/support/sha256.h"
#include "compiler/support/sizes.h"
#include "compiler/support/text.h"
#include "runtime/io/checkpoint.h"
#include "runtime/io/directory.h"
#include "runtime/io/file.h"
#include "runtime/io/shard_reader.h"
#include "runtime/lock/compare.h"
#include "runtime/lock/digests.h"

namespace inarch {

namespace {

class LockBuilder {
 public:
  LockBuilder(const SourceRecorder& recorder, const LockOptions& options)
      : recorder_(recorder), options_(options) {}

  Result<Lock> build(Progress& progress) {
    for (const SourceRecorder::Source& source : recorder_.sources()) {
      if (Status added = add(source); !added) return std::move(added.error());
    }
    for (const auto& [path, file] : recorder_.files()) add_own(path, file);
    if (options_.digests) {
      if (Status hashed = take_digests(progress); !hashed) return std::move(hashed.error());
    }
    return std::move(lock_);
  }

 private:
  Status add(const SourceRecorder::Source& source) {
    LockedSource locked;
    const SourceRequest& request = source.request;
    const Checkpoint& stored = source.stored;
    locked.name = request.name;
    locked.is_adapter = request.is_adapter;
    locked.is_single_file = !is_directory(stored.location);
    if (!source.is_given) locked.place = place_of(source);
    if (Status added = add_configs(stored, locked); !added) return added;
    add_files(stored, locked);
    for (const FileIdentity& file : stored.files) {
      if (Status added = add_shard(stored, file, locked); !added) return added;
    }
    locked.tensors = stored.tensors;
    if (Status added = add_values(stored, locked); !added) return added;
    lock_.sources.push_back(std::move(locked));
    return {};
  }

  LockedPlace place_of(const SourceRecorder::Source& source) const {
    const SourceRequest& request = source.request;
    LockedPlace place{request.is_hub, request.location, request.revision, ""};
    if (!request.is_hub) {
      place.location = from_recipe_folder(request.location, options_.recipe_directory);
      return place;
    }
    const std::string snapshot = directory_of_source(source.stored);
    place.commit = base_name(snapshot);
    return place;
  }

  /// Configs are read with the headers, and are kept however long they are.
  static Status add_configs(const Checkpoint& stored, LockedSource& locked) {
    for (const char* name : {"config.json", adapter_config_name}) {
      const std::string path = join_path(directory_of_source(stored), name);
      if (!resolves(path)) continue;
      auto text = read_small_file(path, max_config_bytes);
      if (!text) return text.error();
      const std::string digest = sha256_hex(*text);
      const auto size = static_cast<std::int64_t>(text->size());
      locked.files.push_back({name, size, digest, std::move(*text)});
    }
    return {};
  }

  void add_files(const Checkpoint& stored, LockedSource& locked) {
    for (const std::string& name : stored.side_files) {
      if (locked.find_file(name)) continue;
      const auto read = recorder_.files().find(fmt::format("{}/{}", stored.location, name));
      if (read != recorder_.files().end()) {
        of_sources_.push_back(read->first);
        locked.files.push_back(
            {name, read->second.print.size, read->second.print.sha256, read->second.text});
      } else if (is_utf8(name)) {
        locked.others.push_back(name);
      }
    }
  }

  Status add_shard(const Checkpoint& stored, const FileIdentity& file, LockedSource& locked) {
    LockedShard shard;
    shard.name = file.name;
    shard.size = file.size;
    shard.header_bytes = file.size;  // of a file without tensors
    shard.header_sha256 = file.header_sha256;
    const auto number = static_cast<std::uint32_t>(&file - stored.files.data());
    const auto first = std::find_if(stored.tensors.begin(), stored.tensors.end(),
                                    [&](const TensorInfo& t) { return t.file == number; });
    if (first != stored.tensors.end()) shard.header_bytes = first->offset;
    auto sample = sample_digest(file.path, shard.header_bytes, file.size);
    if (!sample) return std::move(sample.error());
    shard.sample_sha256 = std::move(*sample);
    if (options_.digests) shard.sha256 = published_sha256(file.path);
    if (options_.digests && shard.sha256.empty()) {
      to_hash_.push_back({file.path, file.name, file.size});
      hashed_.emplace_back(lock_.sources.size(), locked.shards.size());
    }
    locked.shards.push_back(std::move(shard));
    return {};
  }

  Status add_values(const Checkpoint& stored, LockedSource& locked) {
    ShardReader reader(stored);
    for (std::size_t k = 0; !recorder_.tensors().empty() && k < stored.tensors.size(); ++k) {
      const TensorInfo& tensor = stored.tensors[k];
      if (!recorder_.tensors().contains({stored.files[tensor.file].path, tensor.offset})) continue;
      if (tensor.bytes > options_.keep) continue;
      std::string bytes(static_cast<std::size_t>(tensor.bytes), '\0');
      if (Status read = reader.read(tensor, 0, std::as_writable_bytes(std::span(bytes))); !read)
        return read;
      locked.values.emplace(static_cast<std::uint32_t>(k), std::move(bytes));
    }
    return {};
  }

  /// A file that is no source's. What lies in the recipe's folder is there wherever the recipe is.
  void add_own(const std::string& path, const SourceRecorder::ReadFile& file) {
    if (std::find(of_sources_.begin(), of_sources_.end(), path) != of_sources_.end()) return;
    std::string name = from_recipe_folder(path, options_.recipe_directory);
    if (!is_utf8(name)) return;
    const bool beside = name.front() != '/' && !name.starts_with("../");
    lock_.files.push_back(
        {std::move(name), file.print.size, file.print.sha256, beside ? std::nullopt : file.text});
  }

  Status take_digests(Progress& progress) {
    const auto digests = hash_files(to_hash_, options_.jobs, progress, options_.stop);
    if (!digests) return digests.error();
    for (std::size_t k = 0; k < hashed_.size(); ++k) {
      const auto [source, shard] = hashed_[k];
      lock_.sources[source].shards[shard].sha256 = (*digests)[k];
    }
    return {};
  }

  const SourceRecorder& recorder_;
  const LockOptions& options_;
  Lock lock_;
  std::vector<std::string> of_sources_;  // paths of files that are sources'
  std::vector<FileToHash> to_hash_;
  std::vector<std::pair<std::size_t, std::size_t>> hashed_;  // their sources and shards
};

}  // namespace

Result<Lock> build_lock(const SourceRecorder& recorder, const LockOptions& options,
                        Progress& progress) {
  return LockBuilder(recorder, options).build(progress);
}

std::string from_recipe_folder(const std::string& path, const std::string& recipe_directory) {
  const std::string folder = recipe_directory + "/";
  return !recipe_directory.empty() && path.starts_with(folder) ? path.substr(folder.size()) : path;
}

}  // namespace inarch
