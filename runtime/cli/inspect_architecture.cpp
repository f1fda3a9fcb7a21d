#include "runtime/cli/inspect_architecture.h"

#include <utility>

#include <fmt/format.h>

#include "runtime/cli/architecture_argument.h"
#include "runtime/cli/name_groups.h"

namespace inarch {

namespace {

/// One tensor that is not as it should be.
struct Finding {
  std::string name;
  std::string expected;
  std::string found;
};

std::string expected_text(const ArchTensor& tensor) {
  const std::string shape = format_shape(tensor.shape);
  return tensor.dtype ? fmt::format("{} {}", name(*tensor.dtype), shape) : shape;
}

std::string found_text(const TensorInfo& tensor) {
  return fmt::format("{} {}", name(tensor.dtype), format_shape(tensor.shape));
}

void add_lines(Mismatch mismatch, const std::vector<Finding>& findings,
               std::vector<MismatchLine>& lines) {
  std::vector<std::string> names, kinds;
  for (const Finding& finding : findings) {
    names.push_back(finding.name);
    kinds.push_back(finding.expected + "|" + finding.found);
  }
  for (const NameGroup& group : group_names(names, kinds)) {
    const Finding& first = findings[group.members.front()];
    lines.push_back({mismatch, group.text(), static_cast<std::int64_t>(group.members.size()),
                     first.expected, first.found});
  }
}

std::vector<MismatchLine> list_mismatches(const Comparison& comparison) {
  std::vector<MismatchLine> lines;
  std::vector<Finding> findings;
  const auto flush = [&](Mismatch mismatch) {
    add_lines(mismatch, findings, lines);
    findings.clear();
  };
  const auto add_pairs = [&](Mismatch mismatch, const std::vector<Comparison::Pair>& pairs) {
    for (const Comparison::Pair& pair : pairs)
      findings.push_back(
          {pair.found->name, expected_text(*pair.expected), found_text(*pair.found)});
    flush(mismatch);
  };
  for (const ArchTensor* tensor : comparison.missing)
    findings.push_back({tensor->name, expected_text(*tensor), ""});
  flush(Mismatch::missing);
  for (const TensorInfo* tensor : comparison.unexpected)
    findings.push_back({tensor->name, "", found_text(*tensor)});
  flush(Mismatch::unexpected);
  add_pairs(Mismatch::shape, comparison.wrong_shape);
  add_pairs(Mismatch::dtype, comparison.wrong_dtype);
  for (const Comparison::Pair& pair : comparison.tied)
    findings.push_back(
        {pair.found->name, "tied to " + pair.expected->tied_to, found_text(*pair.found)});
  flush(Mismatch::tied);
  return lines;
}

/// Counts the tensors that have a role of their own.
void count_roles(const std::vector<ArchTensor>& expected, const Checkpoint& checkpoint,
                 ArchitectureFinding& finding) {
  for (const ArchTensor& tensor : expected) {
    const TensorInfo* found = checkpoint.find(tensor.name);
    if (!tensor.tied_to.empty() && !found) ++finding.tied_left_out;
    if (!found) continue;
    if (tensor.optional) ++finding.optional;
    if (!tensor.buffer) continue;
    if (!tensor.legacy) ++finding.buffers;
    finding.buffer_elements += found->elements();
  }
}

/// `expected` in a spelling; nothing when that fails.
std::optional<std::vector<ArchTensor>> in_spelling(const Architecture& architecture,
                                                   const std::vector<ArchTensor>& expected,
                                                   const std::string& spelling) {
  if (spelling.empty()) return expected;
  Diagnostics unused;
  return architecture.respell(expected, spelling, unused);
}

void compare_with(const Architecture& architecture, const std::vector<ArchTensor>& usual,
                  const Checkpoint& checkpoint, ArchitectureFinding& finding) {
  const auto expected = in_spelling(architecture, usual, finding.spelling);
  if (!expected) return;
  const Comparison comparison =
      compare(architecture, finding.spelling, *expected, checkpoint.tensors);
  finding.matched = static_cast<std::int64_t>(comparison.matched);
  finding.accepted = static_cast<std::int64_t>(comparison.accepted);
  finding.ignored = static_cast<std::int64_t>(comparison.ignored.size());
  finding.mismatches = list_mismatches(comparison);
  count_roles(*expected, checkpoint, finding);
}

ArchitectureFinding describe(const Architecture& architecture) {
  ArchitectureFinding finding;
  finding.name = architecture.name();
  finding.title = architecture.title();
  return finding;
}

/// The spelling in which most tensors are as they should be; the usual one when they tie.
std::string best_spelling(const Architecture& architecture, const std::vector<ArchTensor>& usual,
                          const Checkpoint& checkpoint) {
  std::string best;
  std::size_t most = compare(architecture, "", usual, checkpoint.tensors).matched;
  for (const std::string& spelling : architecture.spellings()) {
    const auto expected = in_spelling(architecture, usual, spelling);
    if (!expected) continue;
    const std::size_t matched =
        compare(architecture, spelling, *expected, checkpoint.tensors).matched;
    if (matched <= most) continue;
    most = matched;
    best = spelling;
  }
  return best;
}

}  // namespace

std::int64_t ArchitectureFinding::count(Mismatch mismatch) const {
  std::int64_t sum = 0;
  for (const MismatchLine& line : mismatches) sum += line.mismatch == mismatch ? line.tensors : 0;
  return sum;
}

std::optional<ArchitectureFinding> recognise_architecture(const Checkpoint& checkpoint,
                                                          SourceMap& sources) {
  const auto recognised = recognise(checkpoint, sources);
  if (!recognised) return std::nullopt;
  ArchitectureFinding finding = describe(recognised->architecture);
  finding.spelling = recognised->spelling;
  finding.from_config = recognised->from_config;
  Diagnostics faults;
  const auto usual = recognised->architecture.expand(checkpoint.config, faults);
  if (usual) {
    compare_with(recognised->architecture, *usual, checkpoint, finding);
  } else {
    finding.not_compared = checkpoint.config.is_null() ? "there is no config.json"
                           : faults.list().empty()     ? "the config does not fit"
                                                       : faults.list().front().message;
  }
  return finding;
}

std::optional<ArchitectureFinding> hold_against(const Checkpoint& checkpoint,
                                                const std::string& given, SourceMap& sources,
                                                Diagnostics& diagnostics) {
  const auto architecture = find_architecture(given, sources, diagnostics);
  if (!architecture) return std::nullopt;
  const auto usual = architecture->expand(checkpoint.config, diagnostics);
  if (!usual) return std::nullopt;
  return hold_against(checkpoint, *architecture, *usual);
}

ArchitectureFinding hold_against(const Checkpoint& checkpoint, const Architecture& architecture,
                                 const std::vector<ArchTensor>& usual) {
  ArchitectureFinding finding = describe(architecture);
  finding.asked = true;
  finding.spelling = best_spelling(architecture, usual, checkpoint);
  compare_with(architecture, usual, checkpoint, finding);
  return finding;
}

}  // namespace inarch
