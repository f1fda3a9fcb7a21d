#include <algorithm>
#include <atomic>
#include <cstring>
#include <memory>

#include "runtime/cli/stored_numbers.h"
#include "runtime/cli/value_distance.h"
#include "runtime/executor/progress_phase.h"
#include "runtime/io/parallel_tasks.h"
#include "runtime/io/shard_reader.h"

namespace inarch {

namespace {

constexpr std::int64_t portion_bytes = 512 << 10;
constexpr std::int64_t portion = portion_bytes / 8;  // elements of any type
constexpr std::int64_t task_size = 16 << 20;         // large, since each task leaves a result

/// Two checkpoints and the buffers in which one thread compares parts of them.
struct Sides {
  Sides(const Checkpoint& first, const Checkpoint& second) : a(first), b(second) {}

  Status read(const TensorInfo& x, std::int64_t x_begin, std::int64_t x_bytes, const TensorInfo& y,
              std::int64_t y_begin, std::int64_t y_bytes) {
    a_bytes.resize(static_cast<std::size_t>(x_bytes));
    b_bytes.resize(static_cast<std::size_t>(y_bytes));
    if (Status status = a.read(x, x_begin, a_bytes); !status) return status;
    return b.read(y, y_begin, b_bytes);
  }

  ShardReader a, b;
  std::vector<std::byte> a_bytes, b_bytes;
  std::vector<double> a_numbers, b_numbers;
};

class PairReader {
 public:
  PairReader(const Checkpoint& a, const Checkpoint& b, const std::vector<TensorPair>& pairs,
             int jobs, Progress& progress)
      : a_(a), b_(b), pairs_(pairs), jobs_(jobs), progress_(progress), results_(pairs.size()) {}

  Status compare_bytes();
  Status measure_distances();
  std::vector<PairComparison> results() { return std::move(results_); }

 private:
  const TensorInfo& first(std::size_t pair) const { return a_.tensors[pairs_[pair].a]; }
  const TensorInfo& second(std::size_t pair) const { return b_.tensors[pairs_[pair].b]; }
  Status compare_part(const Part& part, Sides& sides, ProgressPhase& phase,
                      std::atomic<bool>& differs) const;
  Status measure_part(const Part& part, Sides& sides, ProgressPhase& phase,
                      ValueDistance& distance) const;

  const Checkpoint& a_;
  const Checkpoint& b_;
  const std::vector<TensorPair>& pairs_;
  const int jobs_;
  Progress& progress_;
  std::vector<PairComparison> results_;
};

Status PairReader::compare_part(const Part& part, Sides& sides, ProgressPhase& phase,
                                std::atomic<bool>& differs) const {
  const TensorInfo& x = first(part.item);
  const TensorInfo& y = second(part.item);
  const std::int64_t end = part.begin + part.size;
  std::int64_t begin = part.begin;
  // One difference settles it; how large it is will be measured from the start of the tensor.
  for (; begin < end && !differs; begin += portion_bytes) {
    const std::int64_t size = std::min(portion_bytes, end - begin);
    if (Status status = sides.read(x, begin, size, y, begin, size); !status) return status;
    if (sides.a_bytes != sides.b_bytes) differs = true;
    phase.advanced(size, x.name);
  }
  if (begin < end) phase.advanced(end - begin, x.name);
  return {};
}

/// Tensors are read only as far as their first difference.
Status PairReader::compare_bytes() {
  std::vector<std::int64_t> sizes(pairs_.size());
  std::vector<std::atomic<bool>> differs(pairs_.size());
  std::int64_t total = 0;
  for (std::size_t k = 0; k < pairs_.size(); ++k) {
    differs[k] = first(k).dtype != second(k).dtype;
    sizes[k] = differs[k] ? 0 : first(k).bytes;
    total += sizes[k];
  }
  const std::vector<Part> parts = split_into_parts(sizes, task_size);
  ProgressPhase phase(progress_, "comparing", total);
  const auto make_worker = [&]() -> TaskFunction {
    return [&, sides = std::make_shared<Sides>(a_, b_)](std::size_t task) -> Status {
      return compare_part(parts[task], *sides, phase, differs[parts[task].item]);
    };
  };
  Status status = run_tasks(jobs_, parts.size(), make_worker);
  for (std::size_t k = 0; k < pairs_.size(); ++k) {
    results_[k].same_bytes = !differs[k];
    results_[k].has_distance =
        differs[k] && has_numbers(first(k).dtype) && has_numbers(second(k).dtype);
  }
  return status;
}

Status PairReader::measure_part(const Part& part, Sides& sides, ProgressPhase& phase,
                                ValueDistance& distance) const {
  const TensorInfo& x = first(part.item);
  const TensorInfo& y = second(part.item);
  const std::int64_t x_width = bytes(x.dtype);
  const std::int64_t y_width = bytes(y.dtype);
  sides.a_numbers.resize(static_cast<std::size_t>(portion));
  sides.b_numbers.resize(static_cast<std::size_t>(portion));
  const std::int64_t end = part.begin + part.size;
  for (std::int64_t begin = part.begin; begin < end; begin += portion) {
    const std::int64_t n = std::min(portion, end - begin);
    Status status = sides.read(x, begin * x_width, n * x_width, y, begin * y_width, n * y_width);
    if (!status) return status;
    read_numbers(x.dtype, sides.a_bytes.data(), n, sides.a_numbers.data());
    read_numbers(y.dtype, sides.b_bytes.data(), n, sides.b_numbers.data());
    distance.add(sides.a_numbers.data(), sides.b_numbers.data(), n);
    phase.advanced(n * (x_width + y_width), x.name);
  }
  return {};
}

Status PairReader::measure_distances() {
  std::vector<std::int64_t> sizes(pairs_.size());
  std::int64_t total = 0;
  for (std::size_t k = 0; k < pairs_.size(); ++k) {
    if (!results_[k].has_distance) continue;
    sizes[k] = first(k).elements();
    total += first(k).bytes + second(k).bytes;
  }
  const std::vector<Part> parts = split_into_parts(sizes, task_size);
  std::vector<ValueDistance> distances(parts.size());
  if (parts.empty()) return {};
  ProgressPhase phase(progress_, "measuring", total);
  const auto make_worker = [&]() -> TaskFunction {
    return [&, sides = std::make_shared<Sides>(a_, b_)](std::size_t task) -> Status {
      return measure_part(parts[task], *sides, phase, distances[task]);
    };
  };
  Status status = run_tasks(jobs_, parts.size(), make_worker);
  for (std::size_t k = 0; k < parts.size(); ++k)
    results_[parts[k].item].distance.merge(distances[k]);
  return status;
}

}  // namespace

Result<std::vector<PairComparison>> compare_pairs(const Checkpoint& a, const Checkpoint& b,
                                                  const std::vector<TensorPair>& pairs, int jobs,
                                                  Progress& progress) {
  PairReader reader(a, b, pairs, jobs, progress);
  if (Status status = reader.compare_bytes(); !status) return status.error();
  if (Status status = reader.measure_distances(); !status) return status.error();
  return reader.results();
}

}  // namespace inarch
