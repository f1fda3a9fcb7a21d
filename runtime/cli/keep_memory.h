#pragma once

namespace inarch {

/// Asks the allocator to take memory in large pieces and to hand none back before the process ends:
/// for commands that build much, write nothing and end. Changes speed and nothing else.
void keep_memory();

}  // namespace inarch
