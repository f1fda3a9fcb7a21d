#pragma once

#include <string>

#include "compiler/core/catalog.h"
#include "compiler/support/result.h"
#include "runtime/lock/lock.h"

namespace inarch {

/// The checkpoint, as stored, that a source would be if it were at `location`. Its files have no
/// times and no inodes. E420 when a config is no JSON, E440
/// when a name is there twice.
Result<Checkpoint> rebuild_checkpoint(const LockedSource& locked, const std::string& location);

/// The directory in which its files would lie.
std::string directory_of_locked(const LockedSource& locked, const std::string& location);

}  // namespace inarch
