#include "compiler/picture/plan_picture.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "compiler/plan/output_names.h"

namespace inarch {

namespace {

/// What outputs must have in common to be one line of the picture, as a number.
std::vector<std::uint32_t> kinds_of(const Plan& plan, const std::vector<OutputStory>& stories) {
  std::map<std::string, std::uint32_t> known;
  std::vector<std::uint32_t> kinds;
  kinds.reserve(plan.outputs.size());
  for (std::size_t k = 0; k < plan.outputs.size(); ++k) {
    const OutputTensor& output = plan.outputs[k];
    std::string kind =
        fmt::format("{}|{}|{}|{}|{}", name(output.dtype), format_shape(output.shape), output.origin,
                    static_cast<int>(stories[k].work), stories[k].chain);
    for (const StoryOperand& operand : stories[k].operands)
      kind += fmt::format("|{}", operand.source);
    kinds.push_back(
        known.emplace(std::move(kind), static_cast<std::uint32_t>(known.size())).first->second);
  }
  return kinds;
}

void renumber(OutlineNode& node, const std::vector<std::uint32_t>& positions) {
  for (std::uint32_t& member : node.members) member = positions[member];
  for (OutlineNode& child : node.children) renumber(child, positions);
}

/// The outline of some outputs of the plan.
std::vector<OutlineNode> outline_of(const Plan& plan, const std::vector<std::uint32_t>& kinds,
                                    const std::vector<std::uint32_t>& outputs) {
  std::vector<std::string_view> names;
  std::vector<std::uint32_t> own_kinds;
  for (const std::uint32_t output : outputs) {
    names.push_back(plan.outputs[output].name);
    own_kinds.push_back(kinds[output]);
  }
  std::vector<OutlineNode> nodes = make_outline(names, own_kinds);
  for (OutlineNode& node : nodes) renumber(node, outputs);
  return nodes;
}

std::vector<OutlineNode> outline_of(const Plan& plan, const std::vector<OutputStory>& stories) {
  const std::vector<std::uint32_t> kinds = kinds_of(plan, stories);
  std::map<std::string_view, std::vector<std::uint32_t>> by_part;
  for (std::uint32_t k = 0; k < plan.outputs.size(); ++k)
    by_part[directory_of(plan.shards[plan.outputs[k].shard].name)].push_back(k);
  if (plan.parts.empty())
    return by_part.empty() ? std::vector<OutlineNode>()
                           : outline_of(plan, kinds, by_part.begin()->second);
  std::vector<OutlineNode> nodes;
  for (const OutputPart& part : plan.parts) {
    const auto own = by_part.find(part.directory);
    if (own == by_part.end()) continue;
    nodes.push_back({part.name, {}, outline_of(plan, kinds, own->second), {}});
  }
  return nodes;
}

/// Bytes of each file of the sources that the plan reads, each byte once.
class ReadCounter {
 public:
  explicit ReadCounter(const Plan& plan) : plan_(plan) {
    for (const Step& step : plan.steps) {
      if (const auto* copy = std::get_if<CopyStep>(&step.work)) {
        reads_.push_back({copy->source, copy->file, copy->source_offset, copy->bytes});
        continue;
      }
      for (const Op& op : *program_of(step)) {
        const auto* read = std::get_if<ReadOp>(&op.data);
        if (read == nullptr || read->from_output) continue;
        reads_.push_back(
            {read->source, read->file, read->offset, op.count * bits(read->dtype) / 8});
      }
    }
  }

  std::vector<std::vector<std::int64_t>> count() {
    std::vector<std::vector<std::int64_t>> sums;
    for (const PlanSource& source : plan_.sources) sums.emplace_back(source.files.size());
    const auto place = [](const Read& r) { return std::tie(r.source, r.file, r.offset); };
    std::sort(reads_.begin(), reads_.end(),
              [&](const Read& a, const Read& b) { return place(a) < place(b); });
    std::int64_t end = 0;
    const Read* last = nullptr;
    for (const Read& read : reads_) {
      if (!last || last->source != read.source || last->file != read.file) end = 0;
      last = &read;
      const std::int64_t read_end = read.offset + read.bytes;
      sums[read.source][read.file] +=
          std::max<std::int64_t>(0, read_end - std::max(read.offset, end));
      end = std::max(end, read_end);
    }
    return sums;
  }

 private:
  struct Read {
    std::uint32_t source = 0;
    std::uint32_t file = 0;
    std::int64_t offset = 0;
    std::int64_t bytes = 0;
  };
  const Plan& plan_;
  std::vector<Read> reads_;
};

}  // namespace

PlanPicture::PlanPicture(const PictureInput& given)
    : input(given),
      names(given.checkpoints),
      stories(tell_stories(given.plan, names)),
      outline(outline_of(given.plan, stories)),
      memory(memory_curve(given.plan, given.jobs, given.budget)),
      read(ReadCounter(given.plan).count()) {}

}  // namespace inarch
