#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/architecture/architecture.h"
#include "compiler/architecture/name_template.h"
#include "compiler/recipe/expression.h"
#include "compiler/recipe/name_pattern.h"

namespace inarch {

/// What a tensor is, apart from its name and shape.
struct TensorAttributes {
  bool optional = false;
  bool buffer = false;
  bool legacy = false;
  std::optional<DType> dtype;
};

/// One line under `names`.
struct TensorEntry {
  NameTemplate name;  // the block's prefix included
  std::vector<ExprPtr> shape;
  ExprPtr where;  // null: always
  TensorAttributes attributes;
  std::optional<NameTemplate> tied_to;
  ExprPtr tied_when;  // null: always
  Span span;
};

/// Tensors that share a condition and a range.
struct TensorBlock {
  struct Loop {
    std::string variable;
    ExprPtr range;
  };
  std::string component;
  std::vector<Loop> loops;  // outermost first
  ExprPtr where;
  std::vector<TensorEntry> entries;
};

struct SpellingRules {
  struct Rewrite {
    NamePattern usual;
    NamePattern other;
  };
  /// One tensor in place of many: those of a part stacked along a new axis, the parts then
  /// concatenated along the next. What `to` does not capture is what the stack runs over.
  struct Fusion {
    NamePattern to;
    std::vector<NamePattern> parts;
  };
  std::string name;
  std::vector<Fusion> fusions;
  std::vector<Rewrite> rewrites;    // of what is not fused; the first that fits a name applies
  std::vector<NamePattern> accept;  // as under Architecture
  Span span;                        // of its name
};

/// An architecture file as it was read.
struct ArchitectureFile {
  std::string name;
  std::string title;
  std::vector<ConfigMatch> matches;
  bool match_names = true;  // the names of its tensors tell it from other families
  std::vector<std::pair<std::string, ExprPtr>> sizes;
  std::vector<TensorBlock> blocks;
  std::vector<SpellingRules> spellings;
  std::vector<NamePattern> accept;  // names that may be there, of any shape
};

/// Adds E511 for every name that an expression of the file uses and nothing binds there.
void check_names(const ArchitectureFile& file, Diagnostics& diagnostics);

}  // namespace inarch
