#pragma once

#include <string>
#include <string_view>

#include "compiler/support/result.h"

namespace inarch {

/// Puts a small file at `path` whole or not at all: what was there stays until the new text is on
/// disk. Through a link it is the linked file that is replaced; its permissions stay. What is no
/// regular file (a pipe, a terminal) is written to. E702, E703.
Status replace_file(const std::string& path, std::string_view text);

}  // namespace inarch
