#pragma once

#include <string>
#include <string_view>

#include "compiler/core/value.h"

namespace inarch {

/// The page of compiler/picture/pages/NAME with all that it names in place, and `data` in it: one
/// file that asks for no other. What `data` holds is text to the page, and can be no markup: it is
/// JSON in which no '<' is left, scripts run by their digests alone, and they write text only.
std::string make_page(std::string_view name, const Value& data);

/// Text for `data`: what is not UTF-8 is escaped as on a terminal.
Value page_text(std::string_view text);

}  // namespace inarch
