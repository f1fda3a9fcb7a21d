#pragma once

#include <string>

#include "compiler/support/annotation.h"

namespace inarch {

/// A finding as a workflow command of GitHub Actions, one line, line break included: what makes an
/// annotation at its place in a pull request.
///
///   ::error file=recipe.yaml,line=17,endLine=17,col=14,endColumn=47,title=E203%3A …::message
///
/// Columns are left out where a span has several lines, as GitHub takes none there. In the message
/// % and line breaks are %25 and %0A, in properties also : and , are %3A and %2C; other control
/// bytes come out escaped as on a terminal.
std::string render_github(const Diagnostic& diagnostic, const SourceMap& sources,
                          const AnnotatedPath& path, const std::string& input);

/// A row of the table in a step's summary: severity and code, place, text; in Markdown, where all
/// of the text's own punctuation is shown as it is.
std::string github_summary_row(const Diagnostic& diagnostic, const SourceMap& sources,
                               const AnnotatedPath& path, const std::string& input);

/// The summary of a step: `heading`, the table of `rows` if there are any, and `text`, what was
/// said on the standard output, as it is.
std::string github_summary(const std::string& heading, const std::string& rows,
                           const std::string& text);

}  // namespace inarch
