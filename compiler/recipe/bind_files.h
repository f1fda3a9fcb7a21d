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

/// The files that a group of `files` stands for, of those that a model may have: tokenizer,
/// processor, generation. Nothing for another word.
std::vector<std::string> files_of_group(std::string_view group);

/// The path of the file `name` at the top of a source, or nothing when it has none there.
std::optional<std::string> side_file_path(const Checkpoint& checkpoint, std::string_view name);

}  // namespace inarch
