#include "runtime/cli/part_list.h"

#include <map>
#include <string_view>

#include "compiler/plan/output_names.h"
#include "compiler/support/sizes.h"
#include "compiler/support/text.h"
#include "runtime/cli/text_table.h"

namespace inarch {

namespace {

constexpr std::string_view indent = "  ";

/// The parts of a plan or a manifest, which name their shards alike; `file_of` is a tensor's.
template <typename Tensors, typename FileOf>
std::vector<PartSummary> summarize(const auto& whole, const Tensors& tensors, FileOf file_of) {
  std::vector<PartSummary> parts;
  std::map<std::string_view, std::size_t> by_directory;
  for (const OutputPart& part : whole.parts) {
    by_directory.emplace(part.directory, parts.size());
    PartSummary summary;
    summary.name = part.name;
    summary.directory = part.directory;
    summary.parameters = part.parameters;
    summary.buffer_elements = part.buffer_elements;
    parts.push_back(std::move(summary));
  }
  const auto part_of = [&](std::string_view file) -> PartSummary* {
    const auto found = by_directory.find(directory_of(file));
    return found == by_directory.end() ? nullptr : &parts[found->second];
  };
  for (const auto& shard : whole.shards) {
    PartSummary* part = part_of(shard.name);
    if (part == nullptr) continue;
    ++part->shards;
    part->bytes += shard.size;
  }
  for (const auto& tensor : tensors) {
    if (PartSummary* part = part_of(file_of(tensor))) ++part->tensors;
  }
  return parts;
}

}  // namespace

std::vector<PartSummary> summarize_parts(const Plan& plan) {
  if (plan.parts.empty()) return {};
  return summarize(plan, plan.outputs, [&](const OutputTensor& tensor) -> std::string_view {
    return plan.shards[tensor.shard].name;
  });
}

std::vector<PartSummary> summarize_parts(const Manifest& manifest) {
  if (manifest.parts.empty()) return {};
  return summarize(manifest, manifest.tensors,
                   [](const Manifest::Tensor& tensor) -> std::string_view { return tensor.file; });
}

std::string part_lines(const std::vector<PartSummary>& parts, std::size_t width) {
  if (parts.empty()) return {};
  using Align = TextTable::Align;
  TextTable table({{"output", Align::left},
                   {"directory", Align::left},
                   {"tensors", Align::right},
                   {"parameters", Align::right},
                   {"buffers", Align::right},
                   {"shards", Align::right},
                   {"size", Align::right},
                   {"complete for", Align::left}});
  for (const PartSummary& part : parts) {
    table.add({escape_for_terminal(part.name), escape_for_terminal(part.directory),
               format_count(part.tensors), format_count(part.parameters),
               part.buffer_elements > 0 ? format_count(part.buffer_elements) : "",
               format_count(part.shards), format_bytes(part.bytes),
               escape_for_terminal(part.architecture)});
  }
  std::string lines;
  bool begins = true;
  for (const char c : table.text(width - indent.size())) {
    if (begins && c != '\n') lines += indent;
    lines += c;
    begins = c == '\n';
  }
  return lines;
}

Value part_values(const std::vector<PartSummary>& parts) {
  Value::List list;
  for (const PartSummary& part : parts) {
    list.emplace_back(Value::Map{{"name", part.name},
                                 {"directory", part.directory},
                                 {"tensors", part.tensors},
                                 {"parameters", part.parameters},
                                 {"buffer_elements", part.buffer_elements},
                                 {"shards", part.shards},
                                 {"bytes", part.bytes}});
  }
  return Value(std::move(list));
}

}  // namespace inarch
