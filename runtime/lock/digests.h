#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "compiler/support/result.h"
#include "runtime/executor/progress.h"

namespace inarch {

/// SHA-256 of up to 64 pieces of 16 KiB all over the data of a file, first and last among them; of
/// all of it where that is less. Tells one model from another in milliseconds, and not a file from
/// one in which a number was changed.
Result<std::string> sample_digest(const std::string& path, std::int64_t header_bytes,
                                  std::int64_t size);

/// What a hub says that the SHA-256 of a file in its cache is, from the name of the blob that a
/// snapshot links to; "" elsewhere. No byte is read.
std::string published_sha256(const std::string& path);

struct FileToHash {
  std::string path;
  std::string name;  // for progress
  std::int64_t size = 0;
};

/// SHA-256 of whole files, several at once. Files that `stop` kept from being read have "".
Result<std::vector<std::string>> hash_files(const std::vector<FileToHash>& files, int jobs,
                                            Progress& progress, const std::atomic<bool>* stop);

}  // namespace inarch
