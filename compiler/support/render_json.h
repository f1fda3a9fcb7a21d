#pragma once

#include <string>

#include "compiler/support/diagnostic.h"
#include "compiler/support/source_map.h"

namespace inarch {

/// A finding as one JSON object on one line, line break included. Keys, always all and in this
/// order:
///
///   schema      "inarch/diagnostic/1"; the number grows when a key changes its meaning
///   severity    "error" or "warning"
///   code        "E203"
///   message     text
///   file, line, column, end_line, end_column, label
///               the primary place: lines and columns from 1, columns in characters, the end just
///               after the last one; all null but `label` when there is no place
///   subject     the file or tensor it is about, or null
///   secondary   list of objects with file … label as above
///   notes       list of texts
///   help        text or null
///
/// Bytes that are not UTF-8 come out as U+FFFD.
std::string render_json(const Diagnostic& diagnostic, const SourceMap& sources);

/// One line for each finding.
std::string render_json(const Diagnostics& diagnostics, const SourceMap& sources);

}  // namespace inarch
