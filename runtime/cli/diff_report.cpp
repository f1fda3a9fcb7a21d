#include "runtime/cli/diff_report.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "runtime/cli/model_argument.h"

namespace inarch {

namespace {

/// One tensor name, and what each side has under it.
struct Entry {
  std::string name;
  const TensorInfo* a = nullptr;
  const TensorInfo* b = nullptr;
  Difference difference = Difference::none;
  std::optional<ValueDistance> distance;
};

/// The names of A in its order, then those that only B has.
std::vector<Entry> pair_up(const Checkpoint& a, const Checkpoint& b) {
  std::vector<Entry> entries;
  for (const TensorInfo& tensor : a.tensors)
    entries.push_back({tensor.name, &tensor, b.find(tensor.name), Difference::none, {}});
  for (const TensorInfo& tensor : b.tensors) {
    if (!a.find(tensor.name)) entries.push_back({tensor.name, nullptr, &tensor, {}, {}});
  }
  for (Entry& entry : entries) {
    entry.difference = !entry.b                           ? Difference::only_in_a
                       : !entry.a                         ? Difference::only_in_b
                       : entry.a->shape != entry.b->shape ? Difference::shape
                       : entry.a->dtype != entry.b->dtype ? Difference::dtype
                                                          : Difference::none;
  }
  return entries;
}

bool select_entries(std::vector<Entry>& entries, const std::string& pattern,
                    Diagnostics& diagnostics) {
  std::vector<std::string> names;
  for (const Entry& entry : entries) names.push_back(entry.name);
  const auto selected = select_tensors(names, pattern, diagnostics);
  if (!selected) return false;
  std::vector<Entry> kept;
  for (const std::size_t position : *selected) kept.push_back(std::move(entries[position]));
  entries = std::move(kept);
  return true;
}

bool compare_values(std::vector<Entry>& entries, const Checkpoint& a, const Checkpoint& b, int jobs,
                    Progress& progress, Diagnostics& diagnostics) {
  std::vector<TensorPair> pairs;
  std::vector<std::size_t> positions;
  for (std::size_t k = 0; k < entries.size(); ++k) {
    const Entry& entry = entries[k];
    if (entry.difference != Difference::none && entry.difference != Difference::dtype) continue;
    pairs.push_back({static_cast<std::size_t>(entry.a - a.tensors.data()),
                     static_cast<std::size_t>(entry.b - b.tensors.data())});
    positions.push_back(k);
  }
  const auto compared = compare_pairs(a, b, pairs, jobs, progress);
  if (!compared) {
    diagnostics.add(compared.error());
    return false;
  }
  for (std::size_t k = 0; k < positions.size(); ++k) {
    Entry& entry = entries[positions[k]];
    const PairComparison& result = (*compared)[k];
    if (!result.same_bytes && entry.difference == Difference::none)
      entry.difference = Difference::values;
    if (result.has_distance) entry.distance = result.distance;
  }
  return true;
}

std::string kind_text(const TensorInfo* tensor) {
  return tensor ? fmt::format("{} {}", name(tensor->dtype), format_shape(tensor->shape)) : "";
}

DiffLine make_line(NameGroup group, const std::vector<Entry>& entries) {
  DiffLine line;
  const Entry& first = entries[group.members.front()];
  line.difference = first.difference;
  if (first.a) line.a = {first.a->dtype, first.a->shape};
  if (first.b) line.b = {first.b->dtype, first.b->shape};
  for (const std::size_t member : group.members) {
    const Entry& entry = entries[member];
    line.bytes += entry.a ? entry.a->bytes : entry.b->bytes;
    if (!entry.distance) continue;
    if (!line.distance) line.distance.emplace();
    line.distance->merge(*entry.distance);
    const bool worse = entry.distance->relative() > line.worst_distance.relative();
    if (!line.worst.empty() && !worse) continue;
    line.worst = entry.name;
    line.worst_distance = *entry.distance;
  }
  line.group = std::move(group);
  return line;
}

std::vector<DiffLine> make_lines(const std::vector<Entry>& entries, bool single) {
  std::vector<std::string> names, kinds;
  for (const Entry& entry : entries) {
    names.push_back(entry.name);
    kinds.push_back(fmt::format("{}|{}|{}|{}", static_cast<int>(entry.difference),
                                kind_text(entry.a), kind_text(entry.b),
                                entry.distance.has_value()));
  }
  std::vector<DiffLine> lines;
  for (NameGroup& group : single ? single_names(names) : group_names(names, kinds))
    lines.push_back(make_line(std::move(group), entries));
  const auto distance = [](const DiffLine& line) {
    return line.distance ? line.distance->relative() : 0.0;
  };
  std::stable_sort(lines.begin(), lines.end(), [&](const DiffLine& a, const DiffLine& b) {
    if (a.difference != b.difference) return a.difference < b.difference;
    return distance(a) > distance(b);
  });
  return lines;
}

}  // namespace

std::int64_t DiffReport::tensors(Difference difference) const {
  std::int64_t count = 0;
  for (const DiffLine& line : lines) {
    if (line.difference == difference)
      count += static_cast<std::int64_t>(line.group.members.size());
  }
  return count;
}

std::int64_t DiffReport::bytes(Difference difference) const {
  std::int64_t sum = 0;
  for (const DiffLine& line : lines) sum += line.difference == difference ? line.bytes : 0;
  return sum;
}

bool DiffReport::identical() const {
  return std::all_of(lines.begin(), lines.end(),
                     [](const DiffLine& line) { return line.difference == Difference::none; });
}

std::optional<DiffReport> compare_checkpoints(const Checkpoint& a, const Checkpoint& b,
                                              const DiffOptions& options, Progress& progress,
                                              Diagnostics& diagnostics) {
  std::vector<Entry> entries = pair_up(a, b);
  if (options.pattern && !select_entries(entries, *options.pattern, diagnostics))
    return std::nullopt;
  if (!options.headers_only && !compare_values(entries, a, b, options.jobs, progress, diagnostics))
    return std::nullopt;
  DiffReport report;
  report.headers_only = options.headers_only;
  report.single = options.single;
  report.a.location = a.location;
  report.b.location = b.location;
  for (const Entry& entry : entries) {
    for (const auto& [side, tensor] :
         {std::pair{&report.a, entry.a}, std::pair{&report.b, entry.b}}) {
      side->tensors += tensor ? 1 : 0;
      side->bytes += tensor ? tensor->bytes : 0;
    }
  }
  report.lines = make_lines(entries, options.single);
  return report;
}

}  // namespace inarch
