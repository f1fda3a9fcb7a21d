#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <vector>

#include "compiler/plan/plan.h"
#include "compiler/support/diagnostic.h"
#include "runtime/io/file.h"

namespace inarch {

/// The open files that programs read: all of the plan's sources and, for checks, the shards.
class InputFiles {
 public:
  /// Opens every file of every source and compares size and header with the plan (E710). All that
  /// fail are reported.
  bool open_sources(const Plan& plan, Diagnostics& diagnostics);
  /// Shards that ops with from_output read; must outlive this.
  void set_shards(const std::vector<File>* shards) { shards_ = shards; }

  const File& file(std::uint32_t source, std::uint32_t index) const {
    return sources_[source][index];
  }
  const File& file(const ReadOp& op) const {
    return op.from_output ? (*shards_)[op.file] : sources_[op.source][op.file];
  }
  /// Reads elements [first, first + n) of what `op` names, as they are stored. Several threads may.
  Status read(const ReadOp& op, std::int64_t first, std::int64_t n, void* into) const;

  /// As found when they were opened, in the order of plan.sources.
  const std::vector<std::vector<FileIdentity>>& identities() const { return identities_; }
  /// E711 for each file that is no longer what it was at the start.
  bool still_unchanged(Diagnostics& diagnostics) const;

  std::int64_t bytes_read() const { return bytes_read_.load(std::memory_order_relaxed); }
  void count_read(std::int64_t bytes) const {
    bytes_read_.fetch_add(bytes, std::memory_order_relaxed);
  }

 private:
  std::vector<std::vector<File>> sources_;
  std::vector<std::vector<FileIdentity>> identities_;
  const std::vector<File>* shards_ = nullptr;
  mutable std::atomic<std::int64_t> bytes_read_{0};
};

/// Lets this process open as many files as the system allows; large models come in hundreds.
void raise_file_limit();

}  // namespace inarch
