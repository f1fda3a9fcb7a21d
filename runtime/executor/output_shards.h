#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "compiler/plan/plan.h"
#include "compiler/support/result.h"
#include "runtime/io/file.h"

namespace inarch {

/// The shard files of a run in its work directory, laid out before any tensor is computed. Written
/// ranges are pushed out at once, and a shard that is complete is made durable by a thread of its
/// own, so that no worker waits for the disk.
class OutputShards {
 public:
  OutputShards(const Plan& plan, std::string directory);
  ~OutputShards();
  OutputShards(const OutputShards&) = delete;
  OutputShards& operator=(const OutputShards&) = delete;

  /// New files of their final sizes, with headers.
  Status create();
  /// Those of an earlier run; false when they are not all there in their sizes. Headers are written
  /// again.
  bool reopen();

  const std::vector<File>& files() const { return files_; }
  /// Bytes [offset, offset + bytes) of the shard are final.
  void written(std::uint32_t shard, std::int64_t offset, std::int64_t bytes);
  /// Waits until what is complete is durable too; the first failure, if there was one.
  Status wait();

 private:
  std::string path(std::uint32_t shard) const;
  Status write_header(std::uint32_t shard);
  void sync_loop();
  void stop();

  const Plan& plan_;
  std::string directory_;
  std::vector<File> files_;
  std::vector<std::unique_ptr<std::atomic<std::int64_t>>> missing_;  // bytes, by shard
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::uint32_t> complete_;
  bool closing_ = false;
  std::optional<Diagnostic> fault_;
  std::thread syncer_;
};

}  // namespace inarch
