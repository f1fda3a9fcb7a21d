#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/architecture/architecture.h"
#include "compiler/recipe/name_pattern.h"

namespace inarch {

struct Recognised {
  Architecture architecture;
  std::string spelling;      // "" is the usual one
  bool from_config = false;  // else from the names of the tensors alone
};

/// The built-in architecture that a checkpoint has: the one that its config names, else the one
/// that describes nearly all of its tensor names. Nothing when none fits. `own` is another
/// candidate, in place of the built-in one of its name.
std::optional<Recognised> recognise(const Checkpoint& checkpoint, SourceMap& sources,
                                    const Architecture* own = nullptr);

/// What is different between the tensors that an architecture asks for and those that are there.
/// The pointers are into the arguments of compare().
struct Comparison {
  struct Pair {
    const ArchTensor* expected;
    const TensorInfo* found;
  };
  std::vector<const ArchTensor*> missing;     // required, and not there
  std::vector<const TensorInfo*> unexpected;  // there, and not described
  std::vector<Pair> wrong_shape;
  std::vector<Pair> wrong_dtype;  // where the architecture fixes it
  std::vector<Pair> tied;         // there, although tied to another: a loader unties it
  std::vector<Pair> ignored;      // legacy
  std::size_t matched = 0;        // as they should be
  std::size_t accepted = 0;       // in a namespace that is accepted without shapes

  bool agrees() const {
    return missing.empty() && unexpected.empty() && wrong_shape.empty() && wrong_dtype.empty() &&
           tied.empty();
  }
};

/// `expected` comes from expand() and respell(); `found` from a checkpoint, or from a recipe's
/// output.
Comparison compare(const Architecture& architecture, std::string_view spelling,
                   const std::vector<ArchTensor>& expected, const std::vector<TensorInfo>& found);

/// The names that an architecture, in that spelling, accepts without saying their shapes.
std::vector<ResolvedPattern> accepted_names(const Architecture& architecture,
                                            std::string_view spelling);

}  // namespace inarch
