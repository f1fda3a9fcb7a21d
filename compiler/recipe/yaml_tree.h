#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/core/value.h"
#include "compiler/support/diagnostic.h"
#include "compiler/support/source_map.h"

namespace inarch {

struct YamlEntry;

/// One node of a YAML document, with the span of its own text. Built from yaml-cpp's events, never
/// from its tree, which drops duplicate keys, spans' ends and later documents without a word.
struct YamlNode {
  enum class Kind { null, scalar, sequence, mapping };

  Kind kind = Kind::null;
  /// Scalar: its text, quotes included. Collection: brackets included, or from its first to its
  /// last child. A value that is not there: an empty span where it would stand. A repeated node
  /// (*alias) keeps the span of the original.
  Span span;
  std::string text;             // scalar: the decoded value
  bool quoted = false;          // scalar: '…', "…", | or >: always text, never a number or null
  std::vector<YamlNode> items;  // sequence
  std::vector<YamlEntry> entries;  // mapping

  bool is_scalar() const { return kind == Kind::scalar; }
  bool is_sequence() const { return kind == Kind::sequence; }
  bool is_mapping() const { return kind == Kind::mapping; }
  bool is_null() const { return kind == Kind::null; }
  /// The entry with this key, or null.
  const YamlNode* find(std::string_view key) const;
  /// "a list", "text", …: for messages.
  std::string_view kind_name() const;
};

/// One entry of a mapping; the key is a scalar.
struct YamlEntry {
  YamlNode key;
  YamlNode value;
};

/// Limits on a document, for input that nobody vouches for.
inline constexpr std::size_t yaml_max_bytes = 16 * 1024 * 1024;
inline constexpr std::size_t yaml_max_depth = 100;
inline constexpr std::size_t yaml_max_nodes = 1'000'000;  // after aliases are expanded

/// Reads the one document of `file`. Faults go to `diagnostics` (E101–E119) and give nothing:
/// duplicate keys (both places shown), aliases that contain themselves, expansions and depths
/// beyond the limits, tags, `<<`, a second document, NUL, invalid UTF-8, bidirectional controls,
/// tabs as indentation, keys that are not scalars.
std::optional<YamlNode> read_yaml(const SourceMap& sources, FileId file, Diagnostics& diagnostics);

/// Reads all documents of a file whose writer knows YAML 1.1: `<<` brings in the entries of other
/// mappings, under those that stand beside it. What read_yaml() refuses otherwise is refused here.
/// Documents that hold nothing are left out.
std::optional<std::vector<YamlNode>> read_yaml_documents(const SourceMap& sources, FileId file,
                                                         Diagnostics& diagnostics);

/// The scalar as YAML 1.2's core schema reads it: null, true/false, integers (decimal, 0o, 0x),
/// reals (.inf and .nan too), else text. `no`, `017` and `1_000` are text.
Value scalar_value(const YamlNode& scalar);
/// The whole node as a value. Keys become text.
Value to_value(const YamlNode& node);

/// True when `text` looks like a number to a person but is none in YAML 1.2 (`1_000`, `017`,
/// `1,5`).
bool looks_like_number(std::string_view text);

}  // namespace inarch
