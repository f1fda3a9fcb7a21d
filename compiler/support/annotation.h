#pragma once

#include <functional>
#include <string>

#include "compiler/support/diagnostic.h"
#include "compiler/support/source_map.h"

namespace inarch {

/// What a path in a message is called by those who annotate files: relative to the root of a
/// repository, with slashes. "" for what is no file, such as the text of an option or an
/// architecture that comes with the program.
using AnnotatedPath = std::function<std::string(const std::string&)>;

/// A place in a file. Line 0 is the file as a whole, and without a path there is no place.
struct Annotation {
  std::string path;
  Location begin;
  Location end;  // just after the last character

  bool known() const { return !path.empty(); }
  bool one_line() const { return begin.line == end.line; }
};

/// Where a label points to.
Annotation annotate(const Label& label, const SourceMap& sources, const AnnotatedPath& path);

/// Where a finding belongs: its primary place, or else the first of the others, or else the file
/// that it names, or else `input`, the file that the command was asked about ("" when none was).
Annotation annotate(const Diagnostic& diagnostic, const SourceMap& sources,
                    const AnnotatedPath& path, const std::string& input);

/// What a finding says, where no source line can be shown beside it: the message, and on lines of
/// their own the label, the other places, notes and help. The primary place is named where it
/// cannot be annotated.
std::string annotation_text(const Diagnostic& diagnostic, const SourceMap& sources,
                            const AnnotatedPath& path);

}  // namespace inarch
