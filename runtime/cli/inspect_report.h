#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/core/catalog.h"
#include "compiler/core/value.h"
#include "runtime/cli/inspect_architecture.h"
#include "runtime/cli/name_groups.h"
#include "runtime/cli/value_stats.h"

namespace inarch {

/// Tensors of one family of names with one type and shape.
struct InspectLine {
  NameGroup group;
  DType dtype = DType::f32;
  std::string encoding;  // how the values are stored; "" for those that are as they are
  Shape shape;
  std::int64_t elements = 0;  // of all of them
  std::int64_t bytes = 0;
  std::string file;         // of a line for one tensor
  std::int64_t offset = 0;  // bytes from the start of that file
  std::optional<ValueStats> stats;
};

struct DTypeShare {
  DType dtype = DType::f32;
  std::string encoding;
  std::int64_t tensors = 0;
  std::int64_t elements = 0;
  std::int64_t bytes = 0;
};

/// What `inarch inspect` tells.
struct InspectReport {
  std::string location;
  std::vector<FileIdentity> files;
  std::vector<std::string> side_files;
  std::int64_t file_bytes = 0;
  std::int64_t tensors = 0;  // of the whole checkpoint, as the next three
  std::int64_t elements = 0;
  std::int64_t tensor_bytes = 0;
  std::vector<DTypeShare> dtypes;  // the largest first
  std::optional<ArchitectureFinding> architecture;
  Value::Map config;   // config_highlights()
  Value::Map adapter;  // adapter_highlights(); empty for what is no adapter
  std::vector<InspectLine> lines;
  std::int64_t listed = 0;  // tensors in `lines`
  bool single = false;      // each line is one tensor
  bool with_stats = false;

  /// Elements that are no buffers.
  std::int64_t parameters() const;
};

/// Everything but `architecture` and statistics; `single` makes a line for each tensor. `positions`
/// are the tensors to list.
InspectReport describe_checkpoint(const Checkpoint& checkpoint,
                                  const std::vector<std::size_t>& positions, bool single);

/// Gives every line the statistics of its tensors. E701 when a file cannot be read.
Status add_stats(const Checkpoint& checkpoint, const std::vector<std::size_t>& positions, int jobs,
                 Progress& progress, InspectReport& report);

/// For people, fitted to `width` columns: a summary; what differs from the architecture, "" when
/// nothing does, and not more than a few lines unless `single`; and the tensors.
std::string inspect_summary(const InspectReport& report, std::size_t width);
std::string inspect_differences(const InspectReport& report, std::size_t width);
std::string inspect_table(const InspectReport& report, std::size_t width);

/// One JSON object on one line:
///
///   schema        "inarch/inspect/1"
///   location      directory or file
///   files         [{name, bytes}]
///   side_files    names of the other files beside them
///   tensors, elements, bytes
///                 of the whole checkpoint; bytes of tensors, without headers
///   parameters, buffer_elements
///                 elements by their role; null when no architecture tells
///   dtypes        [{dtype, encoding, tensors, elements, bytes}], the largest first; encoding is
///                 null for tensors whose elements are their values
///   architecture  null when it is not recognised, else {name, title, spelling (null for the usual
///                 one), named_by: "config" | "tensors" | "command line", agrees (null when it was
///                 not compared), not_compared (the reason, or null), matched, accepted, ignored,
///                 differences: [{kind: "missing" | "unexpected" | "shape" | "dtype" |
///                 "tied", name, tensors, expected, found}]}
///   config        what stands out of config.json
///   adapter       what stands out of adapter_config.json (inspect_adapter.h); null when there is
///                 none
///   groups        [{name, tensors, dtype, encoding, shape, elements, bytes, stats}]: those that
///   were
///                 asked for; a line for a single tensor also has {file, offset}. stats is there
///                 when it was asked for: {finite, zeros, nans, infinities, mean, std, min, max},
///                 or null for types without numbers; a number that is infinite is null
std::string inspect_json(const InspectReport& report);

}  // namespace inarch
