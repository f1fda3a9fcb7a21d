#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compiler/adapter/adapter_parts.h"
#include "compiler/core/catalog.h"
#include "compiler/support/diagnostic.h"

namespace inarch {

/// What one adapter makes of one tensor W of the base, as indices into the adapter's catalog:
///
///   V = saved, or W where nothing is saved
///   U = V + scale · B·A, or its transposed; V + scale · added for a bias
///   result = U, or magnitude · U / ‖U‖ with the norm of each output's weights (DoRA,
///   arXiv:2402.09353)
struct AdapterTerm {
  std::uint32_t adapter = 0;  // which of the source's adapters
  double share = 1;           // how much of what it changes is taken
  std::uint32_t saved = no_tensor;
  std::uint32_t a = no_tensor;  // [r, in]
  std::uint32_t b = no_tensor;  // [out, r]
  std::uint32_t magnitude = no_tensor;
  std::uint32_t added = no_tensor;
  double scale = 1;
  bool transposed = false;  // W lies as [in, out]
};

/// A base with adapters, as one checkpoint. A tensor that no adapter touches is the base's; another
/// is W + Σ share · (result − W) over its terms, so that adapters are independent of each other.
struct Adapted {
  std::shared_ptr<const Checkpoint> checkpoint;  // the base's, with names and shapes of the result
  std::map<std::uint32_t, std::vector<AdapterTerm>> changed;  // by index into its tensors
};

/// An adapter that is open, and how much of it is taken.
struct OpenAdapter {
  std::shared_ptr<const Checkpoint> checkpoint;
  AdapterConfig config;
  double share = 1;
  std::string label;  // for messages: where it is
};

/// Lays adapters over a base. Names may differ in the prefix that a model's class puts before all
/// of its modules ("model.", "transformer."). Faults: E333 (the base has no such module, or two),
/// E334 (shapes, ranks or dtypes that do not fit), E335 (an adapter that is not whole), E337 (what
/// is saved whole cannot be taken by a share).
std::optional<Adapted> lay_over(std::shared_ptr<const Checkpoint> base,
                                const std::vector<OpenAdapter>& adapters, Diagnostics& diagnostics);

}  // namespace inarch
