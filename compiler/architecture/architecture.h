#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/core/catalog.h"
#include "compiler/core/dtype.h"
#include "compiler/core/shape.h"
#include "compiler/core/value.h"
#include "compiler/support/diagnostic.h"
#include "compiler/support/source_map.h"

namespace inarch {

/// One tensor that a model of some architecture and config has.
struct ArchTensor {
  std::string name;
  Shape shape;
  std::string component;         // "text", "vision", …
  bool optional = false;         // a checkpoint may do without it
  bool buffer = false;           // saved, but no parameter: not counted as one
  std::string tied_to;           // shares the storage of that tensor, and is absent on disk
  bool legacy = false;           // old checkpoints hold it, loaders ignore it, nobody writes it
  std::optional<DType> dtype{};  // when it is fixed, whatever the model's dtype
  Span origin{};                 // its name in the architecture file

  /// True when a complete checkpoint must hold it.
  bool required() const { return !optional && !legacy && tied_to.empty(); }
};

/// How a config.json names a model: its `model_type`, and its `architectures`.
struct ConfigMatch {
  std::string model_type;
  std::vector<std::string> classes;
  Span span{};
};

struct ArchitectureFile;
struct ExpansionTrace;

/// A model family: names and shapes of its tensors as a function of a config. Described by one YAML
/// file, whose format docs/architectures.md gives.
class Architecture {
 public:
  explicit Architecture(std::shared_ptr<const ArchitectureFile> file);

  const std::string& name() const;
  const std::string& title() const;
  const std::vector<ConfigMatch>& matches() const;
  /// Names of the ways in which checkpoints spell the tensors, apart from the usual one.
  std::vector<std::string> spellings() const;

  /// All tensors, in the order of the file: deterministic, names distinct. A config that does not
  /// fit (E520–E522) is reported at `asked`, where the user asked for this architecture.
  std::optional<std::vector<ArchTensor>> expand(const Value& config, Diagnostics& diagnostics,
                                                Span asked = {},
                                                ExpansionTrace* trace = nullptr) const;

  /// The tensors under the names of another spelling. An unknown one is an error (E523).
  std::optional<std::vector<ArchTensor>> respell(std::vector<ArchTensor> tensors,
                                                 std::string_view spelling,
                                                 Diagnostics& diagnostics, Span asked = {}) const;

  const ArchitectureFile& file() const { return *file_; }

 private:
  std::shared_ptr<const ArchitectureFile> file_;
};

/// Reads an architecture file that is in `sources`. Its faults (E1xx, E510–E519) give nothing.
std::optional<Architecture> read_architecture(SourceMap& sources, FileId file,
                                              Diagnostics& diagnostics);
/// One of the built-in architectures; E510 at `asked` when there is none of that name.
std::optional<Architecture> load_architecture(std::string_view name, SourceMap& sources,
                                              Diagnostics& diagnostics, Span asked = {});
/// Names of the built-in architectures, sorted.
std::vector<std::string> architecture_names();
/// True when `text` is the path of an architecture file rather than a name: it has a '/' or ends in
/// ".yaml".
bool is_architecture_path(std::string_view text);

}  // namespace inarch
