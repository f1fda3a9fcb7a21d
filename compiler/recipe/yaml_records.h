#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/support/diagnostic.h"

namespace inarch {

/// One node as it stands in the text, aliases not yet expanded. The nodes of a document lie in one
/// list in order of reading: the children of record i start at i + 1, and the node after record i
/// and all below it is at `next`.
struct YamlRecord {
  enum class Kind { null, scalar, sequence, mapping, alias };

  Kind kind = Kind::null;
  Span span;
  std::string text;  // scalar: the decoded value
  bool quoted = false;
  bool bracketed = false;  // a collection: it stands in [] or {}
  std::size_t next = 0;
  std::size_t target = 0;  // alias: the record that its anchor marks
  std::size_t nodes = 1;   // with everything below it, after aliases are expanded
  std::size_t height = 0;  // levels of collections from here down, after aliases are expanded
};

/// Reads the events of the one document in `text` (UTF-8, no control characters), or of `several`:
/// the root of each follows the records of those before it. An expansion beyond yaml_max_nodes or
/// yaml_max_depth is refused before it is made. Gives nothing, with faults in `diagnostics`, when
/// there is none to give.
std::optional<std::vector<YamlRecord>> read_yaml_records(std::string_view text, FileId file,
                                                         Diagnostics& diagnostics,
                                                         bool several = false);

}  // namespace inarch
