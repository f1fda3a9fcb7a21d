#include "runtime/lock/digests.h"

#include <algorithm>
#include <mutex>
#include <numeric>
#include <span>

#include "compiler/support/sha256.h"
#include "runtime/io/directory.h"
#include "runtime/io/file.h"
#include "runtime/io/parallel_tasks.h"

namespace inarch {

namespace {

constexpr std::int64_t sample_count = 64;
constexpr std::int64_t sample_bytes = 16 * 1024;
constexpr std::int64_t hash_portion = 1 << 20;

Status add_to(Sha256& hash, const File& file, std::int64_t offset, std::string& buffer,
              std::int64_t bytes) {
  const std::span<char> into(buffer.data(), static_cast<std::size_t>(bytes));
  if (Status read = read_exact_at(file, std::as_writable_bytes(into), offset); !read) return read;
  hash.update({into.data(), into.size()});
  return {};
}

class FileHasher {
 public:
  FileHasher(const std::vector<FileToHash>& files, Progress& progress,
             const std::atomic<bool>* stop)
      : files_(files), progress_(progress), stop_(stop), digests_(files.size()) {}

  Status hash(std::size_t k, std::string& buffer) {
    const FileToHash& wanted = files_[k];
    const auto file = open_read(wanted.path);
    if (!file) return file.error();
    expect_sequential(*file);
    Sha256 hash;
    for (std::int64_t at = 0; at < wanted.size; at += hash_portion) {
      if (stop_ && *stop_) return {};
      const std::int64_t bytes = std::min(hash_portion, wanted.size - at);
      if (Status added = add_to(hash, *file, at, buffer, bytes); !added) return added;
      const std::scoped_lock lock(mutex_);
      progress_.advanced(bytes, wanted.name);
    }
    digests_[k] = hash.hex();
    return {};
  }

  std::vector<std::string> take() { return std::move(digests_); }

 private:
  const std::vector<FileToHash>& files_;
  Progress& progress_;
  const std::atomic<bool>* stop_;
  std::mutex mutex_;
  std::vector<std::string> digests_;
};

}  // namespace

Result<std::string> sample_digest(const std::string& path, std::int64_t header_bytes,
                                  std::int64_t size) {
  const auto file = open_read(path);
  if (!file) return file.error();
  const std::int64_t data = std::max<std::int64_t>(0, size - header_bytes);
  const bool whole = data <= sample_count * sample_bytes;
  const std::int64_t last = whole ? 0 : data - sample_bytes;
  std::string buffer(static_cast<std::size_t>(sample_bytes), '\0');
  Sha256 hash;
  for (std::int64_t k = 0; k < sample_count; ++k) {
    // Divided first: sizes go up to 2^53.
    const std::int64_t at =
        whole ? k * sample_bytes
              : last / (sample_count - 1) * k + last % (sample_count - 1) * k / (sample_count - 1);
    const std::int64_t bytes = std::min(sample_bytes, data - at);
    if (bytes <= 0) break;
    if (Status added = add_to(hash, *file, header_bytes + at, buffer, bytes); !added)
      return std::move(added.error());
  }
  return hash.hex();
}

std::string published_sha256(const std::string& path) {
  const std::string target = real_path(path);
  const std::string blobs = parent_path(target);
  const std::string digest = base_name(target);
  const bool is_blob =
      base_name(blobs) == "blobs" && base_name(parent_path(blobs)).starts_with("models--");
  const bool is_digest =
      digest.size() == 64 && digest.find_first_not_of("0123456789abcdef") == digest.npos;
  return is_blob && is_digest ? digest : std::string();
}

Result<std::vector<std::string>> hash_files(const std::vector<FileToHash>& files, int jobs,
                                            Progress& progress, const std::atomic<bool>* stop) {
  FileHasher hasher(files, progress, stop);
  std::int64_t total = 0;
  for (const FileToHash& file : files) total += file.size;
  progress.started("hashing", total);
  const auto make_worker = [&]() -> TaskFunction {
    return [&hasher, buffer = std::string(static_cast<std::size_t>(hash_portion), '\0')](
               std::size_t k) mutable { return hasher.hash(k, buffer); };
  };
  Status done = run_tasks(jobs, files.size(), make_worker, stop);
  progress.finished();
  if (!done) return std::move(done.error());
  return hasher.take();
}

}  // namespace inarch
