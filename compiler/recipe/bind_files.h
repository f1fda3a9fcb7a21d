#pragma once

#include <vector>

#include "compiler/recipe/bind_config.h"

namespace inarch {

struct BoundSideFiles {
  std::vector<BoundFile> carried;
  std::vector<BoundText> written;
};

/// The files of an output's `files`. E166 for one that no source has or two would give, E169 for a
/// name that cannot be written.
BoundSideFiles bind_files(const OutputDecl& output, const OutputContext& context,
                          Diagnostics& diagnostics);

/// The path of the file `name` at the top of a source, or nothing when it has none there.
std::optional<std::string> side_file_path(const Checkpoint& checkpoint, std::string_view name);

}  // namespace inarch
