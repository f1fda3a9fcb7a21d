#include "runtime/cli/inspect_report.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "runtime/cli/inspect_adapter.h"
#include "runtime/cli/inspect_config.h"

namespace inarch {

namespace {

std::string encoding_of(const Checkpoint& checkpoint, const TensorInfo& tensor) {
  if (!tensor.is_encoded()) return {};
  return describe(*checkpoint.encoded[static_cast<std::size_t>(tensor.encoded)].encoding);
}

std::vector<DTypeShare> share_by_dtype(const Checkpoint& checkpoint) {
  std::map<std::pair<DType, std::string>, DTypeShare> shares;
  for (const TensorInfo& tensor : checkpoint.tensors) {
    std::string encoding = encoding_of(checkpoint, tensor);
    DTypeShare& share = shares[{tensor.dtype, encoding}];
    share.dtype = tensor.dtype;
    share.encoding = std::move(encoding);
    ++share.tensors;
    share.elements += tensor.elements();
    share.bytes += tensor.bytes;
  }
  std::vector<DTypeShare> sorted;
  for (const auto& [kind, share] : shares) sorted.push_back(share);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const DTypeShare& a, const DTypeShare& b) { return a.bytes > b.bytes; });
  return sorted;
}

InspectLine make_line(NameGroup group, const Checkpoint& checkpoint,
                      const std::vector<std::size_t>& positions) {
  InspectLine line;
  const TensorInfo& first = checkpoint.tensors[positions[group.members.front()]];
  line.dtype = first.dtype;
  line.encoding = encoding_of(checkpoint, first);
  line.shape = first.shape;
  const auto count = static_cast<std::int64_t>(group.members.size());
  line.elements = first.elements() * count;
  for (const std::size_t member : group.members)
    line.bytes += checkpoint.tensors[positions[member]].bytes;
  if (count == 1) {
    line.file = checkpoint.files[first.file].name;
    line.offset = first.offset;
  }
  line.group = std::move(group);
  return line;
}

}  // namespace

std::int64_t InspectReport::parameters() const {
  if (!architecture) return elements;
  return elements - architecture->buffer_elements;
}

InspectReport describe_checkpoint(const Checkpoint& checkpoint,
                                  const std::vector<std::size_t>& positions, bool single) {
  InspectReport report;
  report.location = checkpoint.location;
  report.files = checkpoint.files;
  report.side_files = checkpoint.side_files;
  for (const FileIdentity& file : checkpoint.files) report.file_bytes += file.size;
  report.tensors = static_cast<std::int64_t>(checkpoint.tensors.size());
  report.dtypes = share_by_dtype(checkpoint);
  for (const DTypeShare& share : report.dtypes) {
    report.elements += share.elements;
    report.tensor_bytes += share.bytes;
  }
  report.config = config_highlights(checkpoint.config);
  report.adapter = adapter_highlights(checkpoint.adapter_config);
  report.single = single;
  report.listed = static_cast<std::int64_t>(positions.size());
  std::vector<std::string> names, kinds;
  for (const std::size_t position : positions) {
    const TensorInfo& tensor = checkpoint.tensors[position];
    names.push_back(tensor.name);
    kinds.push_back(fmt::format("{} {} {}", name(tensor.dtype), format_shape(tensor.shape),
                                encoding_of(checkpoint, tensor)));
  }
  for (NameGroup& group : single ? single_names(names) : group_names(names, kinds))
    report.lines.push_back(make_line(std::move(group), checkpoint, positions));
  return report;
}

Status add_stats(const Checkpoint& checkpoint, const std::vector<std::size_t>& positions, int jobs,
                 Progress& progress, InspectReport& report) {
  const auto measured = measure_tensors(checkpoint, positions, jobs, progress);
  if (!measured) return measured.error();
  report.with_stats = true;
  for (InspectLine& line : report.lines) {
    for (const std::size_t member : line.group.members) {
      const auto& stats = (*measured)[member];
      if (!stats) continue;
      if (!line.stats) line.stats.emplace();
      line.stats->merge(*stats);
    }
  }
  return {};
}

}  // namespace inarch
