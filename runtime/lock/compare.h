#pragma once

#include <optional>
#include <string>

#include "compiler/core/catalog.h"
#include "runtime/lock/lock.h"

namespace inarch {

/// The first thing in which a checkpoint, as stored, is not what was locked: "model.safetensors has
/// 78,256 bytes, not 78,512". Names, sizes, headers and, where these differ, tensors are compared;
/// of the files beside the weights, that they are there. Nothing when all agree. No weight is read.
std::optional<std::string> first_difference(const LockedSource& locked, const Checkpoint& found);

/// What a source's directory is in which shards lie: `location`, or what a file's lies in.
std::string directory_of_source(const Checkpoint& checkpoint);

}  // namespace inarch
