#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace inarch {

/// The page of docs/errors/ for a code ("E203", "e203"), as Markdown, or null when there is none.
const std::string* error_page(std::string_view code);

/// A command and what it says with this code, as a golden test has it: Markdown, or "".
std::string error_example(std::string_view code);

/// All codes that have a page, in order.
std::vector<std::string> error_codes();

/// The first line of a page without its "# E203: ".
std::string error_title(std::string_view page);

}  // namespace inarch
