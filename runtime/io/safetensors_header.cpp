#include "runtime/io/safetensors_header.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

#include <fmt/format.h>

#include "compiler/core/dtype.h"
#include "compiler/core/json.h"
#include "compiler/support/sha256.h"
#include "compiler/support/sizes.h"
#include "runtime/io/foreign_file.h"
#include "runtime/io/header_faults.h"
#include "runtime/io/header_json.h"
#include "runtime/io/header_layout.h"

namespace inarch {

namespace {

constexpr std::int64_t prefix_bytes = 8;

std::uint64_t decode_length(std::string_view prefix) {
  std::uint64_t length = 0;
  for (std::size_t i = 8; i-- > 0;) length = length << 8u | static_cast<unsigned char>(prefix[i]);
  return length;
}

Diagnostic too_short(std::int64_t size) {
  if (size == 0) {
    return error("E401", "the file is empty, expected a safetensors header")
        .hint("download or copy the file again");
  }
  return error("E401", fmt::format("the file has {} bytes, expected at least the 8 of a header's "
                                   "length",
                                   size))
      .hint("download or copy the file again");
}

Result<std::string> read_bytes(const File& file, std::int64_t offset, std::int64_t count) {
  std::string bytes(static_cast<std::size_t>(count), '\0');
  const std::span<char> characters(bytes.data(), bytes.size());
  Status status = read_exact_at(file, std::as_writable_bytes(characters), offset);
  if (!status) return std::move(status.error());
  return bytes;
}

struct RawHeader {
  FileIdentity identity;
  std::string bytes;  // length prefix and JSON
};

/// Everything up to the JSON's content. The length is checked before it sizes a buffer.
Result<RawHeader> read_raw_header(const File& file, const std::string& name) {
  const auto state = file_state(file);
  if (!state) return state.error();
  auto start = read_bytes(file, 0, std::min(state->size, foreign_file_bytes));
  if (!start) return std::move(start.error());
  std::optional<Diagnostic> foreign = recognise_foreign_file(*start);
  if (state->size < prefix_bytes) {
    return (foreign ? std::move(*foreign) : too_short(state->size)).in(file.path());
  }
  const std::uint64_t length = decode_length(*start);
  const auto after_prefix = static_cast<std::uint64_t>(state->size - prefix_bytes);
  if (foreign && (length > after_prefix || (*start)[prefix_bytes] != '{')) {
    return std::move(*foreign).in(file.path());
  }
  if (length > static_cast<std::uint64_t>(max_header_bytes)) {
    return error("E403", fmt::format("the header claims {} bytes, more than the {} that the format "
                                     "allows",
                                     length, format_count(max_header_bytes)))
        .in(file.path())
        .note("either this is no safetensors file, or its first bytes are damaged");
  }
  if (length > after_prefix) {
    return error("E402", fmt::format("the header claims {} bytes, but only {} follow its length",
                                     length, after_prefix))
        .in(file.path())
        .hint("download or copy the file again: it is probably incomplete");
  }
  auto bytes = read_bytes(file, 0, prefix_bytes + static_cast<std::int64_t>(length));
  if (!bytes) return std::move(bytes.error());
  RawHeader header;
  header.identity = {file.path(),     name,         state->size,
                     state->mtime_ns, state->inode, sha256_hex(*bytes)};
  header.bytes = std::move(*bytes);
  return header;
}

}  // namespace

std::optional<std::vector<TensorInfo>> parse_safetensors_header(std::string_view json,
                                                                std::int64_t file_size,
                                                                const std::string& path,
                                                                Diagnostics& diagnostics) {
  const std::int64_t data_start = prefix_bytes + static_cast<std::int64_t>(json.size());
  const std::int64_t data_size = file_size - data_start;
  HeaderFaults faults;
  if (data_size < 0) {
    faults.add("E402",
               fmt::format("the header has {} bytes and the file only {}", json.size(), file_size));
    faults.report(path, diagnostics);
    return std::nullopt;
  }
  std::vector<TensorInfo> tensors = read_header_json(json, data_size, faults);
  check_names(tensors, faults);
  // With tensors left out for their faults, every neighbour would seem to have a hole.
  if (faults.empty()) check_layout(tensors, data_size, faults);
  if (!faults.empty()) {
    faults.report(path, diagnostics);
    return std::nullopt;
  }
  for (TensorInfo& tensor : tensors) tensor.offset += data_start;
  return tensors;
}

std::optional<SafetensorsFile> read_safetensors_header(const std::string& path,
                                                       const std::string& name,
                                                       Diagnostics& diagnostics) {
  auto file = open_read(path);
  if (!file) {
    diagnostics.add(std::move(file.error()));
    return std::nullopt;
  }
  auto header = read_raw_header(*file, name);
  if (!header) {
    diagnostics.add(std::move(header.error()));
    return std::nullopt;
  }
  auto tensors = parse_safetensors_header(std::string_view(header->bytes).substr(prefix_bytes),
                                          header->identity.size, path, diagnostics);
  if (!tensors) return std::nullopt;
  return SafetensorsFile{std::move(header->identity), std::move(*tensors)};
}

Result<FileIdentity> identify_safetensors(const File& file, const std::string& name) {
  auto header = read_raw_header(file, name);
  if (!header) return std::move(header.error());
  return std::move(header->identity);
}

std::string write_safetensors_header(const std::vector<TensorInfo>& tensors,
                                     const HeaderMetadata& metadata) {
  std::string json = "{";
  if (!metadata.empty()) {
    json += "\"__metadata__\":{";
    for (std::size_t i = 0; i < metadata.size(); ++i) {
      if (i > 0) json += ',';
      json += json_quote(metadata[i].first) + ':' + json_quote(metadata[i].second);
    }
    json += '}';
  }
  std::int64_t offset = 0;
  for (const TensorInfo& tensor : tensors) {
    if (json.size() > 1) json += ',';
    json += fmt::format("{}:{{\"dtype\":\"{}\",\"shape\":[{}],\"data_offsets\":[{},{}]}}",
                        json_quote(tensor.name), header_name(tensor.dtype),
                        fmt::join(tensor.shape, ","), offset, offset + tensor.bytes);
    offset += tensor.bytes;
  }
  json += '}';
  json.append((8 - json.size() % 8) % 8, ' ');
  std::string header;
  for (unsigned int shift = 0; shift < 64; shift += 8) {
    header += static_cast<char>(std::uint64_t{json.size()} >> shift & 0xFFu);
  }
  return header + json;
}

}  // namespace inarch
