#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/core/dtype.h"
#include "compiler/core/encoding.h"
#include "compiler/core/name_index.h"
#include "compiler/core/shape.h"
#include "compiler/core/value.h"

namespace inarch {

/// One tensor of a checkpoint: as its header describes it, or, when it is encoded, what its values
/// are, of which `file` and `offset` say where the codes lie and `bytes` what all parts take.
struct TensorInfo {
  std::string name;
  DType dtype = DType::f32;
  Shape shape;
  std::uint32_t file = 0;   // index into Checkpoint::files
  std::int64_t offset = 0;  // bytes from the start of the file
  std::int64_t bytes = 0;
  std::int32_t encoded = -1;  // index into Checkpoint::encoded; -1: the elements are the values

  std::int64_t elements() const { return numel(shape); }
  bool is_encoded() const { return encoded >= 0; }
};

/// What a tensor consists of whose elements are not its values.
struct EncodedTensor {
  std::shared_ptr<const Encoding> encoding;
  std::vector<TensorInfo> parts;  // as stored, in the order of encoding->parts
  std::size_t stem = 0;           // characters that the names of all parts have in common
  std::string ending;             // what follows the stem in the tensor's own name
  bool transposed = false;        // the last two dimensions stand the other way round in the codes
};

/// What identifies a file's content without reading all of it. Two fine-tunes of one model have the
/// same header and size, so time and inode belong to it.
struct FileIdentity {
  std::string path;  // as it can be opened
  std::string name;  // as the checkpoint calls it: "model-00001-of-00002.safetensors"
  std::int64_t size = 0;
  std::int64_t mtime_ns = 0;
  std::uint64_t inode = 0;
  std::string header_sha256;

  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

/// A model as the compiler knows it: names, shapes and config, and never a weight.
struct Checkpoint {
  std::string location;                // directory or file, as given or resolved
  std::vector<FileIdentity> files;     // the shards
  std::vector<TensorInfo> tensors;     // in file order: by file, then by offset
  std::vector<EncodedTensor> encoded;  // once recognise_encodings() has found what belongs together
  Value config;                        // config.json, else adapter_config; null when there is none
  Value adapter_config;                // adapter_config.json, or null when there is none
  std::vector<std::string> side_files;  // names of the other regular files beside the shards

  const TensorInfo* find(std::string_view name) const;
  /// Numbers of those whose name an earlier one has.
  std::vector<std::uint32_t> repeated() const;
  /// Must be called once `tensors` is complete; find() and repeated() need it.
  void build_index();

 private:
  NameIndex index_;
};

}  // namespace inarch
