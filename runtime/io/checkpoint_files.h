#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/support/diagnostic.h"
#include "runtime/io/directory.h"

namespace inarch {

/// Which files of a directory make up its checkpoint.
struct CheckpointFiles {
  std::string index;                    // name of the index, or "" when there is none
  std::vector<std::string> shards;      // without an index: the files to take, sorted
  std::vector<std::string> side_files;  // the other regular files, weights of any kind left out
};

/// Decides it by the names in `directory`. Errors: E423 (no weights), E424 (pickles only), E425
/// (GGUF only), E431 (a link that leaves a hub cache), E701.
std::optional<CheckpointFiles> find_checkpoint_files(const std::string& directory,
                                                     Diagnostics& diagnostics);

/// The models--x directory when `directory` is a snapshot of a hub cache
/// (…/models--x/snapshots/y), absolute and without symlinks; "" otherwise.
std::string hub_repository_root(const std::string& directory);

/// E431 when `path` is a link that leads out of `root`; nothing when `root` is "".
std::optional<Diagnostic> check_link(const std::string& path, const std::string& root);

/// E422, with the name of a neighbour that was probably meant.
Diagnostic location_missing(const std::string& location);

}  // namespace inarch
