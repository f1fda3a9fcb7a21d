#include "runtime/io/checkpoint.h"

#include <cstdint>
#include <iterator>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "compiler/core/json.h"
#include "compiler/support/sizes.h"
#include "compiler/support/text.h"
#include "runtime/io/checkpoint_files.h"
#include "runtime/io/directory.h"
#include "runtime/io/file.h"
#include "runtime/io/foreign_file.h"
#include "runtime/io/header_faults.h"
#include "runtime/io/parallel_tasks.h"
#include "runtime/io/safetensors_header.h"
#include "runtime/io/weight_index.h"

namespace inarch {

namespace {

constexpr std::int64_t max_index_bytes = std::int64_t{256} << 20;
constexpr const char* download_again =
    "download the model again: what is already there is not fetched twice";

/// A shard, when it could be read, and what is wrong with it.
struct ReadShard {
  std::optional<SafetensorsFile> file;
  Diagnostics found;
};

/// Reads one checkpoint; every step adds all it finds wrong before the whole is given up.
class CheckpointReader {
 public:
  CheckpointReader(std::string location, Diagnostics& diagnostics)
      : diagnostics_(diagnostics), errors_before_(diagnostics.errors()) {
    checkpoint_.location = std::move(location);
  }

  std::optional<Checkpoint> read();

 private:
  void read_directory();
  void read_single_file();
  void read_index(const std::string& name);
  void read_shards(const std::vector<std::string>& names);
  void read_shard(const std::string& name, ReadShard& shard) const;
  void add_shard(SafetensorsFile file);
  void read_configs(const std::string& directory);
  Value read_config(const std::string& directory, const char* name);
  void check_unique();
  void check_against(const WeightIndex& index, const std::string& path);
  void check_total_size(const WeightIndex& index, const std::string& path);
  std::string path_of(const std::string& name) const {
    return join_path(checkpoint_.location, name);
  }
  bool failed() const { return diagnostics_.errors() > errors_before_; }

  Diagnostics& diagnostics_;
  std::size_t errors_before_;
  std::string root_;  // of the hub cache's model, or ""
  Checkpoint checkpoint_;
};

std::optional<Checkpoint> CheckpointReader::read() {
  if (is_directory(checkpoint_.location)) {
    read_directory();
  } else if (exists(checkpoint_.location)) {
    read_single_file();
  } else {
    diagnostics_.add(location_missing(checkpoint_.location));
  }
  if (failed()) return std::nullopt;
  return std::move(checkpoint_);
}

void CheckpointReader::read_directory() {
  auto files = find_checkpoint_files(checkpoint_.location, diagnostics_);
  if (!files) return;
  root_ = hub_repository_root(checkpoint_.location);
  checkpoint_.side_files = std::move(files->side_files);
  if (files->index.empty()) {
    read_shards(files->shards);
    check_unique();
  } else {
    read_index(files->index);
  }
  read_configs(checkpoint_.location);
}

void CheckpointReader::read_single_file() {
  const std::string path = checkpoint_.location;
  const std::string name = base_name(path);
  const std::string directory = parent_path(path);
  root_ = hub_repository_root(directory);
  if (is_pickle_name(name)) {
    diagnostics_.add(pickle_refused("the file is a pickle, expected *.safetensors").in(path));
  } else if (is_gguf_name(name)) {
    diagnostics_.add(gguf_refused("the file is a GGUF model, expected *.safetensors").in(path));
  } else if (name.ends_with(".json")) {
    diagnostics_.add(
        error("E423", "the file is JSON, expected a directory or a *.safetensors file")
            .in(path)
            .hint(fmt::format("give the directory: {}", escape_for_terminal(parent_path(path)))));
  } else if (auto fault = check_link(path, root_)) {
    diagnostics_.add(std::move(*fault));
  } else if (auto shard = read_safetensors_header(path, name, diagnostics_)) {
    checkpoint_.files.push_back(std::move(shard->identity));
    checkpoint_.tensors = std::move(shard->tensors);
    check_unique();
  }
  read_configs(directory);
}

void CheckpointReader::read_index(const std::string& name) {
  const std::string path = path_of(name);
  if (auto fault = check_link(path, root_)) return diagnostics_.add(std::move(*fault));
  const auto text = read_small_file(path, max_index_bytes);
  if (!text) return diagnostics_.add(text.error());
  const auto index = parse_weight_index(*text, path, diagnostics_);
  if (!index) return;
  std::vector<std::string> missing;
  for (const std::string& shard : index->shards) {
    if (!resolves(path_of(shard))) missing.push_back(shard);
  }
  if (!missing.empty()) {
    for (std::string& shard : missing) shard = escape_for_terminal(shard);
    return diagnostics_.add(
        error("E428", fmt::format("{} of {} shards that the index names {} not there: {}",
                                  missing.size(), index->shards.size(),
                                  missing.size() == 1 ? "is" : "are", join_names(missing)))
            .in(path)
            .hint(download_again));
  }
  read_shards(index->shards);
  if (failed()) return;
  check_unique();
  check_against(*index, path);
}

/// Side by side, since a large model has headers of 20 MB; what is found is told in the order of
/// the names.
void CheckpointReader::read_shards(const std::vector<std::string>& names) {
  std::vector<ReadShard> shards(names.size());
  const auto make_worker = [&]() -> TaskFunction {
    return [&](std::size_t k) {
      read_shard(names[k], shards[k]);
      return Status();
    };
  };
  static_cast<void>(run_tasks(processor_count(), names.size(), make_worker));  // none fails
  std::size_t count = 0;
  for (const ReadShard& shard : shards) count += shard.file ? shard.file->tensors.size() : 0;
  checkpoint_.tensors.reserve(count);
  for (ReadShard& shard : shards) {
    for (const Diagnostic& d : shard.found.list()) diagnostics_.add(d);
    if (shard.file) add_shard(std::move(*shard.file));
  }
}

void CheckpointReader::read_shard(const std::string& name, ReadShard& shard) const {
  const std::string path = path_of(name);
  if (auto fault = check_link(path, root_)) return shard.found.add(std::move(*fault));
  if (!resolves(path)) {
    return shard.found.add(
        error("E428", "the link leads to a file that is not there").in(path).hint(download_again));
  }
  shard.file = read_safetensors_header(path, name, shard.found);
}

void CheckpointReader::add_shard(SafetensorsFile file) {
  const auto number = static_cast<std::uint32_t>(checkpoint_.files.size());
  checkpoint_.files.push_back(std::move(file.identity));
  for (TensorInfo& tensor : file.tensors) {
    tensor.file = number;
    checkpoint_.tensors.push_back(std::move(tensor));
  }
}

/// A directory with an adapter alone has the adapter's config for its own.
void CheckpointReader::read_configs(const std::string& directory) {
  checkpoint_.config = read_config(directory, "config.json");
  checkpoint_.adapter_config = read_config(directory, adapter_config_name);
  if (checkpoint_.config.is_null()) checkpoint_.config = checkpoint_.adapter_config;
}

Value CheckpointReader::read_config(const std::string& directory, const char* name) {
  const std::string path = join_path(directory, name);
  if (!exists(path)) return {};
  Result<Value> config = Value();
  if (auto fault = check_link(path, root_)) {
    config = std::move(*fault);
  } else if (const auto text = read_small_file(path, max_config_bytes); text.ok()) {
    config = parse_json(*text, path);
  } else {
    config = text.error();
  }
  if (config.ok() && config->if_map() == nullptr) {
    config =
        error("E420", fmt::format("{} is {}, expected an object", name, config->kind())).in(path);
  }
  if (config.ok()) return std::move(*config);
  diagnostics_.add(std::move(config.error()));
  return {};
}

/// Also completes the catalog's index, of which a name's first tensor wins.
void CheckpointReader::check_unique() {
  checkpoint_.build_index();
  HeaderFaults faults;
  for (const std::uint32_t i : checkpoint_.repeated()) {
    const TensorInfo& tensor = checkpoint_.tensors[i];
    const TensorInfo* first = checkpoint_.find(tensor.name);
    faults.add("E430", fmt::format("{} is in two files: {} and {}", tensor_phrase(tensor.name),
                                   escape_for_terminal(checkpoint_.files[first->file].name),
                                   escape_for_terminal(checkpoint_.files[tensor.file].name)));
  }
  faults.report(checkpoint_.location, diagnostics_);
}

void CheckpointReader::check_against(const WeightIndex& index, const std::string& path) {
  HeaderFaults faults;
  std::vector<bool> listed(checkpoint_.tensors.size(), false);
  for (const WeightIndex::Entry& entry : index.entries) {
    const TensorInfo* tensor = checkpoint_.find(entry.tensor);
    if (tensor == nullptr) {
      faults.add("E429", fmt::format("{} is not in {}, where the index places it",
                                     tensor_phrase(entry.tensor),
                                     escape_for_terminal(index.shards[entry.shard])));
    } else if (tensor->file != entry.shard) {
      faults.add("E429", fmt::format("{} is in {}, but the index places it in {}",
                                     tensor_phrase(entry.tensor),
                                     escape_for_terminal(checkpoint_.files[tensor->file].name),
                                     escape_for_terminal(index.shards[entry.shard])));
    } else {
      listed[static_cast<std::size_t>(tensor - checkpoint_.tensors.data())] = true;
    }
  }
  const bool wrong = !faults.empty();
  faults.report(path, diagnostics_);
  if (wrong) return;
  std::vector<std::string> unlisted;
  for (std::size_t i = 0; i < listed.size(); ++i) {
    if (!listed[i]) unlisted.push_back(escape_for_terminal(checkpoint_.tensors[i].name));
  }
  if (!unlisted.empty()) {
    diagnostics_.add(
        warning("W401", fmt::format("the index does not list {}, which the shards hold",
                                    join_names(unlisted)))
            .in(path));
  }
  check_total_size(index, path);
}

void CheckpointReader::check_total_size(const WeightIndex& index, const std::string& path) {
  if (!index.total_size) return;
  std::int64_t total = 0;
  for (const TensorInfo& tensor : checkpoint_.tensors) total += tensor.bytes;
  if (*index.total_size == total) return;
  diagnostics_.add(
      warning("W402", fmt::format("the index states a total size of {} bytes, but the "
                                  "tensors have {}",
                                  format_count(*index.total_size), format_count(total)))
          .in(path));
}

}  // namespace

std::optional<Checkpoint> open_adapter(const std::string& location, Diagnostics& diagnostics) {
  if (!is_directory(location)) return open_checkpoint(location, diagnostics);
  if (!resolves(join_path(location, adapter_config_name))) {
    diagnostics.add(error("E331", "there is no adapter_config.json here, as PEFT writes it")
                        .in(location)
                        .hint("a directory that peft's save_pretrained wrote, or a folder in it"));
    return std::nullopt;
  }
  const std::string weights = join_path(location, adapter_weights_name);
  // Without the one file the directory is looked at as any other, whose faults say what is there.
  return open_checkpoint(exists(weights) ? weights : location, diagnostics);
}

std::optional<Checkpoint> open_checkpoint(const std::string& location, Diagnostics& diagnostics) {
  std::string trimmed = location;
  while (trimmed.size() > 1 && trimmed.back() == '/') trimmed.pop_back();
  return CheckpointReader(std::move(trimmed), diagnostics).read();
}

}  // namespace inarch
