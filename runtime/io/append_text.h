#pragma once

#include <string>
#include <string_view>

#include "compiler/support/result.h"

namespace inarch {

/// Adds `text` at the end of a file, which is made where there is none. E702, E703.
Status append_text(const std::string& path, std::string_view text);

}  // namespace inarch
