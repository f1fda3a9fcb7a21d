#include "runtime/executor/output_shards.h"

#include <span>
#include <utility>

#include "runtime/io/directory.h"
#include "runtime/io/output_dir.h"

namespace inarch {

OutputShards::OutputShards(const Plan& plan, std::string directory)
    : plan_(plan), directory_(std::move(directory)) {
  for (const OutputShard& shard : plan.shards) {
    const auto data = shard.size - static_cast<std::int64_t>(shard.header.size());
    missing_.push_back(std::make_unique<std::atomic<std::int64_t>>(data));
  }
  syncer_ = std::thread([this] { sync_loop(); });
}

OutputShards::~OutputShards() { stop(); }

std::string OutputShards::path(std::uint32_t shard) const {
  return join_path(directory_, plan_.shards[shard].name);
}

Status OutputShards::write_header(std::uint32_t shard) {
  const std::string& header = plan_.shards[shard].header;
  return write_exact_at(files_[shard], std::as_bytes(std::span(header.data(), header.size())), 0);
}

Status OutputShards::create() {
  files_.clear();
  for (std::uint32_t shard = 0; shard < plan_.shards.size(); ++shard) {
    auto file = create_sized(path(shard), plan_.shards[shard].size);
    if (!file) return std::move(file.error());
    files_.push_back(std::move(*file));
    if (Status status = write_header(shard); !status) return status;
  }
  return {};
}

bool OutputShards::reopen() {
  files_.clear();
  for (std::uint32_t shard = 0; shard < plan_.shards.size(); ++shard) {
    auto file = open_write(path(shard));
    if (!file) return false;
    const auto state = file_state(*file);
    if (!state || state->size != plan_.shards[shard].size) return false;
    files_.push_back(std::move(*file));
    if (!write_header(shard)) return false;
  }
  return true;
}

void OutputShards::written(std::uint32_t shard, std::int64_t offset, std::int64_t bytes) {
  push_out(files_[shard], offset, bytes);
  if (missing_[shard]->fetch_sub(bytes, std::memory_order_acq_rel) != bytes) return;
  const std::scoped_lock lock(mutex_);
  complete_.push_back(shard);
  changed_.notify_all();
}

void OutputShards::sync_loop() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return closing_ || !complete_.empty(); });
    if (complete_.empty()) return;
    const std::uint32_t shard = complete_.front();
    complete_.pop_front();
    lock.unlock();
    Status status = sync_file(files_[shard]);
    lock.lock();
    if (!status.ok() && !fault_) fault_ = std::move(status.error());
  }
}

void OutputShards::stop() {
  {
    const std::scoped_lock lock(mutex_);
    closing_ = true;
    changed_.notify_all();
  }
  if (syncer_.joinable()) syncer_.join();
}

Status OutputShards::wait() {
  stop();
  const std::scoped_lock lock(mutex_);
  if (fault_) return *fault_;
  return {};
}

}  // namespace inarch
