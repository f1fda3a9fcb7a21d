#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace inarch {

/// The page of docs/errors/ for a code ("E203", "e203"), as Markdown, or nothing when there is
/// none.
std::optional<std::string_view> error_page(std::string_view code);

/// A command and what it says with this code, as a golden test has it: Markdown, or "".
std::string error_example(std::string_view code);

/// All codes that have a page, in order.
std::vector<std::string> error_codes();

/// The first line of a page without its "# E203: ".
std::string error_title(std::string_view page);

}  // namespace inarch
