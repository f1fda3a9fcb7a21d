#pragma once

#include <cstddef>
#include <string>

#include "compiler/support/diagnostic.h"
#include "compiler/support/source_map.h"

namespace inarch {

struct HumanStyle {
  bool color = false;
  std::size_t width = 100;  // columns of the terminal: source lines are cut to fit
};

/// A finding as a person reads it: message, place, the lines it is about with carets under the
/// primary span and dashes under the others, notes and help. Ends in a line break. Lines of one
/// file come in their order; "..." stands for lines left out; a span of several lines is shown at
/// its first. Without a place, the subject stands after the arrow. Control bytes come out escaped.
std::string render_human(const Diagnostic& diagnostic, const SourceMap& sources,
                         const HumanStyle& style);

/// All findings, each followed by an empty line, and the summary.
std::string render_human(const Diagnostics& diagnostics, const SourceMap& sources,
                         const HumanStyle& style);

/// "3 errors, 1 warning; inarch explain E203 tells more", without a line break; "" when there is
/// nothing.
std::string summary(const Diagnostics& diagnostics);

}  // namespace inarch
