#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "compiler/core/catalog.h"
#include "runtime/executor/progress_phase.h"
#include "runtime/executor/schedule.h"
#include "runtime/io/file.h"

namespace inarch {

/// A tensor that is to be hashed, and what came of it.
struct HashTask {
  TensorInfo tensor;   // `file` is an index into the files
  std::string digest;  // "" until it is known
};

/// Hashes tensors, one per unit.
class HashWork : public UnitWork {
 public:
  HashWork(const std::vector<File>& files, std::vector<HashTask>& tasks, ProgressPhase& progress)
      : files_(files), tasks_(tasks), progress_(progress) {}

  std::int64_t units() const override { return static_cast<std::int64_t>(tasks_.size()); }
  Demand demand(std::int64_t) const override;
  Status run(std::int64_t unit, Arena& arena) override;
  void group_done(std::int64_t) override {}

  std::int64_t bytes() const { return bytes_.load(); }

 private:
  const std::vector<File>& files_;
  std::vector<HashTask>& tasks_;
  ProgressPhase& progress_;
  std::atomic<std::int64_t> bytes_{0};
};

}  // namespace inarch
