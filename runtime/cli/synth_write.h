#pragma once

#include <atomic>
#include <string>

#include "compiler/support/result.h"
#include "runtime/cli/synth_layout.h"
#include "runtime/executor/progress.h"

namespace inarch {

struct SynthWriting {
  SynthValues values;
  bool hollow = false;   // headers alone; the rest of each file is a hole
  bool replace = false;  // what is at the output
  int jobs = 1;
  const std::atomic<bool>* stop = nullptr;
};

/// Writes config.json, the shards and their index to the directory `output`, which appears when all
/// of it is complete. False when `stop` was set before that; nothing is left behind then. Takes
/// half a megabyte of bytes and their floats for each job. E701–E705.
Result<bool> write_model(const SynthLayout& layout, const std::string& config,
                         const std::string& output, const SynthWriting& writing,
                         Progress& progress);

}  // namespace inarch
