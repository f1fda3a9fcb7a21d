#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/passes/module.h"

namespace inarch {

/// A pass: its name is its function's, its file's, and what --dump-after and --disable-pass take.
struct Pass {
  std::string_view name;
  void (*run)(Module&);
  bool required;  // a plan cannot be made without it
  std::string_view summary;
};

/// The passes in their order. The only such list.
const std::vector<Pass>& passes();

struct PassTiming {
  std::string name;
  double seconds = 0;
};

struct PassOptions {
  std::vector<std::string> disabled;
  /// Called after each pass; for --dump-after.
  std::function<void(std::string_view pass, const Module&)> after;
};

/// Runs them all. The graph is verified after the last, in debug builds after each; a fault is
/// E901.
std::vector<PassTiming> run_passes(Module& module, const PassOptions& options,
                                   Diagnostics& diagnostics);

void spell_out_encoded(Module& module);
void deduplicate(Module& module);
void sink_movement(Module& module);
void fuse_movement(Module& module);
void fuse_pointwise(Module& module);
void recognise_copies(Module& module);
void order_steps(Module& module);
void lay_out_output(Module& module);
void merge_copies(Module& module);
void read_in_order(Module& module);
void share_factors(Module& module);
void hold_shared(Module& module);

}  // namespace inarch
