#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/core/catalog.h"
#include "compiler/support/diagnostic.h"
#include "compiler/support/result.h"
#include "runtime/io/file.h"

namespace inarch {

/// The longest header that a reader of the format accepts (safetensors/src/tensor.rs).
inline constexpr std::int64_t max_header_bytes = 100'000'000;
/// Longer tensor names are refused; no model comes near.
inline constexpr std::size_t max_tensor_name_bytes = 4096;
/// More dimensions than any framework can load are refused.
inline constexpr std::size_t max_tensor_rank = 64;

/// The tensors of a header, sorted by offset, with `offset` counted from the start of the file and
/// `file` 0. `json` is the text after the 8-byte length, padding included; `file_size` is the whole
/// file's. Whatever could make a reader touch a wrong byte is an error (E404 to E417) whose subject
/// is `path`: the first of its kind, with a note that counts the others.
std::optional<std::vector<TensorInfo>> parse_safetensors_header(std::string_view json,
                                                                std::int64_t file_size,
                                                                const std::string& path,
                                                                Diagnostics& diagnostics);

struct SafetensorsFile {
  FileIdentity identity;
  std::vector<TensorInfo> tensors;  // sorted by offset; `file` is 0
};

/// Opens the file at `path`, which messages and the identity call `name`, and reads its header
/// alone. Errors: E401 to E419, E421, E701.
std::optional<SafetensorsFile> read_safetensors_header(const std::string& path,
                                                       const std::string& name,
                                                       Diagnostics& diagnostics);

/// Reads size, time, inode and header digest of an open file again without looking into the header;
/// what a run compares at its end. Errors: E401 to E403, E701.
Result<FileIdentity> identify_safetensors(const File& file, const std::string& name);

using HeaderMetadata = std::vector<std::pair<std::string, std::string>>;

/// The first bytes of a file that holds `tensors` in this order without gaps: 8-byte length, JSON,
/// spaces up to a multiple of 8. Of each tensor name, dtype, shape and bytes count; offset and file
/// do not. Hubs expect the metadata {"format": "pt"}.
std::string write_safetensors_header(const std::vector<TensorInfo>& tensors,
                                     const HeaderMetadata& metadata = {{"format", "pt"}});

}  // namespace inarch
