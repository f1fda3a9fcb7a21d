#pragma once

#include <string>
#include <string_view>

namespace inarch {

/// What to write in place of a transform that does not exist, as a help text: the name that is
/// near, or our name for what other array libraries call so. "" when nothing comes to mind.
std::string transform_hint(std::string_view unknown);

}  // namespace inarch
