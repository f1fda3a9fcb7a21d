#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/architecture/recognise.h"
#include "compiler/core/catalog.h"
#include "compiler/support/diagnostic.h"
#include "compiler/support/source_map.h"

namespace inarch {

enum class Mismatch { missing, unexpected, shape, dtype, tied };

/// Tensors of one family of names that differ from an architecture in the same way.
struct MismatchLine {
  Mismatch mismatch = Mismatch::missing;
  std::string name;  // with ranges; unescaped
  std::int64_t tensors = 0;
  std::string expected;  // "bf16 [1152]", or "[1152]" where any dtype will do; "" for unexpected
  std::string found;     // "" for missing
};

/// What architecture a checkpoint has, and how well.
struct ArchitectureFinding {
  std::string name;
  std::string title;
  std::string spelling;       // "" is the usual one
  bool from_config = false;   // its config names it; else its tensors, or the command line
  bool asked = false;         // the command line named it
  std::string not_compared;   // why there is no comparison: the config does not fit
  std::int64_t matched = 0;   // tensors as they should be
  std::int64_t accepted = 0;  // in parts of which the architecture says nothing
  std::int64_t ignored = 0;   // that loaders pass over
  std::int64_t buffers = 0;
  std::int64_t buffer_elements = 0;
  std::int64_t optional = 0;       // there, and not asked for
  std::int64_t tied_left_out = 0;  // absent because they are other tensors
  std::vector<MismatchLine> mismatches;

  bool agrees() const { return not_compared.empty() && mismatches.empty(); }
  std::int64_t count(Mismatch mismatch) const;
};

/// The architecture that a checkpoint has by itself; nothing when it is not recognised.
std::optional<ArchitectureFinding> recognise_architecture(const Checkpoint& checkpoint,
                                                          SourceMap& sources);

/// The checkpoint held against an architecture, a name or the path of a file, in the spelling that
/// fits best. Nothing on a fault (E510–E523, E701), which is added.
std::optional<ArchitectureFinding> hold_against(const Checkpoint& checkpoint,
                                                const std::string& architecture, SourceMap& sources,
                                                Diagnostics& diagnostics);

/// The same with what the architecture expects, from Architecture::expand.
ArchitectureFinding hold_against(const Checkpoint& checkpoint, const Architecture& architecture,
                                 const std::vector<ArchTensor>& usual);

}  // namespace inarch
