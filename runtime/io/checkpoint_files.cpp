#include "runtime/io/checkpoint_files.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "compiler/support/text.h"
#include "runtime/io/foreign_file.h"

namespace inarch {

namespace {

constexpr std::string_view usual_index = "model.safetensors.index.json";
constexpr std::string_view usual_weights = "model.safetensors";

bool is_index_name(std::string_view name) { return name.ends_with(".safetensors.index.json"); }

struct Names {
  std::vector<std::string> indexes;
  std::vector<std::string> safetensors;
  std::vector<std::string> pickles;
  std::vector<std::string> ggufs;
  std::vector<std::string> others;
  std::vector<std::string> directories;
};

Names sort_out(const std::string& directory, const std::vector<DirectoryEntry>& entries) {
  Names names;
  for (const DirectoryEntry& entry : entries) {
    const std::string path = join_path(directory, entry.name);
    const bool link = entry.kind == EntryKind::symlink;
    if (entry.kind == EntryKind::directory || (link && is_directory(path))) {
      names.directories.push_back(entry.name);
    } else if (is_safetensors_name(entry.name)) {
      names.safetensors.push_back(entry.name);  // a FIFO too: opening it says what it is
    } else if (entry.kind == EntryKind::other || (link && !is_regular_file(path))) {
      continue;
    } else if (is_index_name(entry.name)) {
      names.indexes.push_back(entry.name);
    } else if (is_pickle_name(entry.name)) {
      names.pickles.push_back(entry.name);
    } else if (is_gguf_name(entry.name)) {
      names.ggufs.push_back(entry.name);
    } else {
      names.others.push_back(entry.name);
    }
  }
  std::sort(names.safetensors.begin(), names.safetensors.end(), natural_less);
  return names;
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string escaped_list(const std::vector<std::string>& names) {
  std::vector<std::string> safe;
  for (const std::string& name : names) safe.push_back(escape_for_terminal(name));
  return join_names(safe);
}

/// The weights often lie one level further down: checkpoint-500, one of several outputs, or a hub
/// cache's snapshots.
std::string hint_below(const std::string& directory, const std::vector<std::string>& below) {
  std::vector<std::string> with_weights;
  for (const std::string& name : below) {
    const std::string path = join_path(directory, name);
    const auto entries = list_directory(path);
    if (!entries) continue;
    const bool weights = std::any_of(entries->begin(), entries->end(), [](const auto& entry) {
      return is_safetensors_name(entry.name);
    });
    if (weights) with_weights.push_back(name);
    if (name == "snapshots" && entries->size() == 1) {
      return fmt::format("did you mean {}?",
                         escape_for_terminal(join_path(path, entries->front().name)));
    }
  }
  if (with_weights.empty()) return {};
  if (with_weights.size() > 1)
    return fmt::format("it holds several checkpoints, one a folder: {}",
                       escaped_list(with_weights));
  return fmt::format("did you mean {}?",
                     escape_for_terminal(join_path(directory, with_weights.front())));
}

Diagnostic no_weights(const std::string& directory, const Names& names) {
  if (!names.pickles.empty()) {
    return pickle_refused(fmt::format("the directory has only pickled weights ({}), expected "
                                      "*.safetensors",
                                      escaped_list(names.pickles)))
        .in(directory);
  }
  if (!names.ggufs.empty()) {
    return gguf_refused(fmt::format("the directory has only GGUF weights ({}), expected "
                                    "*.safetensors",
                                    escaped_list(names.ggufs)))
        .in(directory);
  }
  const bool empty = names.others.empty() && names.directories.empty();
  return error("E423", empty ? "the directory is empty, expected *.safetensors files"
                             : "the directory has no *.safetensors file")
      .in(directory)
      .hint(hint_below(directory, names.directories));
}

}  // namespace

std::optional<CheckpointFiles> find_checkpoint_files(const std::string& directory,
                                                     Diagnostics& diagnostics) {
  const auto entries = list_directory(directory);
  if (!entries) {
    diagnostics.add(entries.error());
    return std::nullopt;
  }
  Names names = sort_out(directory, *entries);
  CheckpointFiles files;
  if (contains(names.indexes, usual_index)) {
    files.index = usual_index;
  } else if (names.indexes.size() == 1 && !contains(names.safetensors, usual_weights)) {
    files.index = names.indexes.front();
  } else if (contains(names.safetensors, usual_weights)) {
    files.shards = {std::string(usual_weights)};
  } else if (!names.safetensors.empty()) {
    files.shards = std::move(names.safetensors);
  } else {
    diagnostics.add(no_weights(directory, names));
    return std::nullopt;
  }
  const std::string root = hub_repository_root(directory);
  bool linked_well = true;
  for (const std::string& name : names.others) {
    if (auto fault = check_link(join_path(directory, name), root)) {
      diagnostics.add(std::move(*fault));
      linked_well = false;
    }
  }
  if (!linked_well) return std::nullopt;
  files.side_files = std::move(names.others);
  return files;
}

std::string hub_repository_root(const std::string& directory) {
  const std::string snapshot = real_path(directory);
  const std::string snapshots = parent_path(snapshot);
  const std::string root = parent_path(snapshots);
  const bool fits = base_name(snapshots) == "snapshots" && base_name(root).starts_with("models--");
  return fits ? root : std::string();
}

std::optional<Diagnostic> check_link(const std::string& path, const std::string& root) {
  if (root.empty()) return std::nullopt;
  const std::string target = real_path(path);
  if (target.starts_with(root + "/")) return std::nullopt;
  return error("E431", fmt::format("the link leads out of the cached model, to {}",
                                   escape_for_terminal(target)))
      .in(path)
      .note(fmt::format("links of a hub cache must stay inside {}", escape_for_terminal(root)))
      .hint("remove the cached model and download it again");
}

Diagnostic location_missing(const std::string& location) {
  const std::string parent = parent_path(location);
  std::vector<std::string> neighbours;
  const auto entries = list_directory(parent);
  if (!entries) {
    return error("E422", fmt::format("no such file or directory: {} does not exist either",
                                     escape_for_terminal(parent)))
        .in(location);
  }
  for (const DirectoryEntry& entry : *entries) {
    if (entry.kind != EntryKind::other) neighbours.push_back(entry.name);
  }
  const std::string meant = nearest(base_name(location), neighbours);
  Diagnostic missing = error("E422", "no such file or directory").in(location);
  if (!meant.empty()) {
    const std::string path =
        location.find('/') == std::string::npos ? meant : join_path(parent, meant);
    missing.help = fmt::format("did you mean {}?", escape_for_terminal(path));
  }
  return missing;
}

}  // namespace inarch
