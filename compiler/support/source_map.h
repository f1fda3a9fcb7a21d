#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/support/span.h"

namespace inarch {

/// 1-based line, 1-based column counted in Unicode code points.
struct Location {
  int line = 0;
  int column = 0;
};

/// The texts that spans point into: recipes, architecture files, `--set` arguments.
class SourceMap {
 public:
  /// `path` is what messages show. The text is kept.
  FileId add(std::string path, std::string text);

  const std::string& path(FileId file) const { return files_[file - 1].path; }
  std::string_view text(FileId file) const { return files_[file - 1].text; }
  std::string_view text(Span span) const {
    return text(span.file).substr(span.begin, span.end - span.begin);
  }
  Location locate(FileId file, std::uint32_t offset) const;
  /// The text of a 1-based line, without its line break.
  std::string_view line(FileId file, int number) const;

 private:
  struct File {
    std::string path;
    std::string text;
    std::vector<std::uint32_t> line_starts;
  };
  std::deque<File> files_;  // a deque: views into a text stay valid when another is added
};

}  // namespace inarch
