#include "runtime/cli/value_stats.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>

#include "runtime/cli/lanes.h"
#include "runtime/cli/stored_numbers.h"
#include "runtime/executor/progress_phase.h"
#include "runtime/io/parallel_tasks.h"
#include "runtime/io/shard_reader.h"
#include "runtime/kernels/multiversion.h"
#include "runtime/kernels/reduce.h"

namespace inarch {

namespace {

constexpr std::int64_t portion = 64 << 10;        // elements that are read at once
constexpr std::int64_t task_elements = 16 << 20;  // large, since each task leaves a result

struct FirstPass {
  double sum = 0;
  double least = 0;
  double greatest = 0;
  std::int64_t zeros = 0;
};

INARCH_MULTIVERSION
FirstPass first_pass(const double* x, std::int64_t n) {
  Lanes sum{}, zeros{}, least, greatest;
  least.fill(x[0]);
  greatest.fill(x[0]);
  const std::int64_t whole = n / lanes * lanes;
  for (std::int64_t i = 0; i < whole; i += lanes) {
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      const double value = x[i + static_cast<std::int64_t>(lane)];
      sum[lane] += value;
      zeros[lane] += value == 0 ? 1.0 : 0.0;
      least[lane] = value < least[lane] ? value : least[lane];
      greatest[lane] = value > greatest[lane] ? value : greatest[lane];
    }
  }
  for (std::int64_t i = whole; i < n; ++i) {
    sum[0] += x[i];
    zeros[0] += x[i] == 0 ? 1.0 : 0.0;
    least[0] = std::min(least[0], x[i]);
    greatest[0] = std::max(greatest[0], x[i]);
  }
  return {total(sum), *std::min_element(least.begin(), least.end()),
          *std::max_element(greatest.begin(), greatest.end()),
          static_cast<std::int64_t>(total(zeros))};
}

INARCH_MULTIVERSION
double squares_around(const double* x, std::int64_t n, double mean) {
  Lanes sum{};
  const std::int64_t whole = n / lanes * lanes;
  for (std::int64_t i = 0; i < whole; i += lanes) {
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      const double difference = x[i + static_cast<std::int64_t>(lane)] - mean;
      sum[lane] += difference * difference;
    }
  }
  for (std::int64_t i = whole; i < n; ++i) sum[0] += (x[i] - mean) * (x[i] - mean);
  return total(sum);
}

/// Moves the finite numbers to the front; returns how many there are.
std::int64_t keep_finite(double* numbers, std::int64_t n, ValueStats& stats) {
  std::int64_t kept = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    if (std::isfinite(numbers[i])) {
      numbers[kept++] = numbers[i];
    } else {
      ++(std::isnan(numbers[i]) ? stats.nans : stats.infinities);
    }
  }
  return kept;
}

struct Buffers {
  explicit Buffers(const Checkpoint& checkpoint) : reader(checkpoint), numbers(portion) {}
  ShardReader reader;
  std::vector<std::byte> stored;
  std::vector<double> numbers;
};

Status measure_part(const TensorInfo& tensor, const Part& part, Buffers& buffers,
                    ProgressPhase& phase, ValueStats& measured) {
  const std::int64_t width = bytes(tensor.dtype);
  for (std::int64_t begin = 0; begin < part.size; begin += portion) {
    const std::int64_t n = std::min(portion, part.size - begin);
    buffers.stored.resize(static_cast<std::size_t>(n * width));
    Status status = buffers.reader.read(tensor, (part.begin + begin) * width, buffers.stored);
    if (!status) return status;
    read_numbers(tensor.dtype, buffers.stored.data(), n, buffers.numbers.data());
    measured.add(buffers.numbers.data(), n);
    phase.advanced(n * width, tensor.name);
  }
  return {};
}

}  // namespace

double ValueStats::deviation() const {
  return finite > 0 ? std::sqrt(squares / static_cast<double>(finite)) : 0;
}

void ValueStats::add(double* numbers, std::int64_t n) {
  ValueStats part;
  if (count_non_finite(numbers, n) > 0) n = keep_finite(numbers, n, part);
  if (n > 0) {
    const FirstPass first = first_pass(numbers, n);
    part.finite = n;
    part.zeros = first.zeros;
    part.mean = first.sum / static_cast<double>(n);
    part.least = first.least;
    part.greatest = first.greatest;
    part.squares = squares_around(numbers, n, part.mean);
  }
  merge(part);
}

void ValueStats::merge(const ValueStats& other) {
  zeros += other.zeros;
  nans += other.nans;
  infinities += other.infinities;
  if (other.finite == 0) return;
  least = std::min(least, other.least);
  greatest = std::max(greatest, other.greatest);
  if (finite == 0) {
    finite = other.finite;
    mean = other.mean;
    squares = other.squares;
    return;
  }
  const double mine = static_cast<double>(finite);
  const double theirs = static_cast<double>(other.finite);
  const double step = other.mean - mean;
  finite += other.finite;
  mean += step * (theirs / (mine + theirs));
  squares += other.squares + step * step * (mine * theirs / (mine + theirs));
}

Result<std::vector<std::optional<ValueStats>>> measure_tensors(
    const Checkpoint& checkpoint, const std::vector<std::size_t>& positions, int jobs,
    Progress& progress) {
  std::vector<std::optional<ValueStats>> results(positions.size());
  std::vector<std::int64_t> sizes(positions.size());
  std::int64_t all_bytes = 0;
  for (std::size_t k = 0; k < positions.size(); ++k) {
    const TensorInfo& tensor = checkpoint.tensors[positions[k]];
    if (tensor.is_encoded() || !has_numbers(tensor.dtype)) continue;
    results[k].emplace();
    sizes[k] = tensor.elements();
    all_bytes += tensor.bytes;
  }
  const std::vector<Part> parts = split_into_parts(sizes, task_elements);
  std::vector<ValueStats> measured(parts.size());
  ProgressPhase phase(progress, "reading", all_bytes);
  const auto make_worker = [&]() -> TaskFunction {
    return [&, buffers = std::make_shared<Buffers>(checkpoint)](std::size_t task) -> Status {
      const TensorInfo& tensor = checkpoint.tensors[positions[parts[task].item]];
      return measure_part(tensor, parts[task], *buffers, phase, measured[task]);
    };
  };
  if (Status status = run_tasks(jobs, parts.size(), make_worker); !status) return status.error();
  for (std::size_t k = 0; k < parts.size(); ++k) results[parts[k].item]->merge(measured[k]);
  return results;
}

}  // namespace inarch
