#include "compiler/picture/output_story.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/picture/op_words.h"

namespace inarch {

namespace {

StoryOperand operand_at(const Plan& plan, const SourceNames& names, std::uint32_t source,
                        std::uint32_t file, std::int64_t offset, bool decoded) {
  const SourceNames::Found found = names.find(source, file, offset);
  const std::string_view name = decoded ? found.whole : found.stored;
  if (!name.empty()) return {source, std::string(name)};
  return {source, fmt::format("{} at byte {}", plan.sources[source].files[file].name, offset)};
}

/// Which tensors a program reads, each once, in the order in which it names them.
class Operands {
 public:
  Operands(const Plan& plan, const Program& program, const SourceNames& names)
      : of_op_(program.size(), -1) {
    std::vector<bool> decoded(program.size());
    for (const Op& op : program) {
      if (!std::holds_alternative<DecodeOp>(op.data)) continue;
      for (const std::uint32_t input : op.inputs) decoded[input] = true;
    }
    for (std::size_t k = 0; k < program.size(); ++k) {
      const auto* read = std::get_if<ReadOp>(&program[k].data);
      if (read == nullptr || read->from_output) continue;
      of_op_[k] = add(operand_at(plan, names, read->source, read->file, read->offset, decoded[k]));
    }
  }

  std::int32_t of_op(std::size_t op) const { return of_op_[op]; }
  std::vector<StoryOperand> take() { return std::move(list_); }

 private:
  std::int32_t add(StoryOperand operand) {
    const auto same = std::find_if(list_.begin(), list_.end(), [&](const StoryOperand& other) {
      return other.source == operand.source && other.name == operand.name;
    });
    const auto place = static_cast<std::int32_t>(same - list_.begin());
    if (same == list_.end()) list_.push_back(std::move(operand));
    return place;
  }

  std::vector<std::int32_t> of_op_;  // −1: it reads nothing
  std::vector<StoryOperand> list_;
};

DType dtype_read(const Program& program, DType otherwise) {
  for (const Op& op : program) {
    if (const auto* read = std::get_if<ReadOp>(&op.data)) return read->dtype;
  }
  return otherwise;
}

/// Words of all ops but reads; the same word again and again is said once, with a number.
std::string chain_of(const Program& program, DType output) {
  constexpr std::size_t most = 8;
  std::vector<std::pair<std::string, int>> words;
  for (const Op& op : program) {
    if (std::holds_alternative<ReadOp>(op.data)) continue;
    std::string word = op_words(op, program);
    const auto same = std::find_if(words.begin(), words.end(),
                                   [&](const auto& other) { return other.first == word; });
    if (same == words.end()) {
      words.emplace_back(std::move(word), 1);
    } else {
      ++same->second;
    }
  }
  std::string chain;
  for (std::size_t k = 0; k < std::min(words.size(), most); ++k) {
    const auto& [word, times] = words[k];
    chain += fmt::format("{}{}{}", k > 0 ? " · " : "", word,
                         times > 1 ? fmt::format(" ×{}", times) : "");
  }
  if (words.size() > most) chain += " · …";
  if (words.empty() && dtype_read(program, output) != output)
    chain = fmt::format("to {}", name(output));
  return chain;
}

OutputStory tell(const Plan& plan, std::uint32_t number, const Program& program,
                 const SourceNames& names, bool computes) {
  OutputStory story;
  story.step = number;
  story.operands = Operands(plan, program, names).take();
  story.work = story.operands.empty() ? WorkKind::made
               : computes             ? WorkKind::computed
                                      : WorkKind::moved;
  story.chain = chain_of(program, plan.outputs[plan.steps[number].first_output].dtype);
  return story;
}

void tell_copies(const Plan& plan, std::uint32_t number, const CopyStep& copy,
                 const SourceNames& names, std::vector<OutputStory>& stories) {
  const std::uint32_t first = plan.steps[number].first_output;
  for (std::uint32_t k = first; k < first + copy.output_count; ++k) {
    const std::int64_t offset =
        copy.source_offset + plan.outputs[k].offset - plan.outputs[first].offset;
    stories[k].step = number;
    stories[k].operands = {operand_at(plan, names, copy.source, copy.file, offset, false)};
  }
}

}  // namespace

std::string_view name(WorkKind kind) {
  switch (kind) {
    case WorkKind::copied:
      return "copied";
    case WorkKind::moved:
      return "rearranged";
    case WorkKind::computed:
      return "computed";
    case WorkKind::made:
      return "made";
  }
  return "";
}

const Program* program_of(const Step& step) {
  if (const auto* move = std::get_if<MoveStep>(&step.work)) return &move->program;
  if (const auto* compute = std::get_if<ComputeStep>(&step.work)) return &compute->program;
  return nullptr;
}

std::vector<OutputStory> tell_stories(const Plan& plan, const SourceNames& names) {
  std::vector<OutputStory> stories(plan.outputs.size());
  for (std::uint32_t number = 0; number < plan.steps.size(); ++number) {
    const Step& step = plan.steps[number];
    if (const auto* copy = std::get_if<CopyStep>(&step.work)) {
      tell_copies(plan, number, *copy, names, stories);
    } else {
      stories[step.first_output] = tell(plan, number, *program_of(step), names,
                                        std::holds_alternative<ComputeStep>(step.work));
    }
  }
  return stories;
}

std::vector<ProgramLine> program_lines(const Plan& plan, std::uint32_t step,
                                       const SourceNames& names) {
  std::vector<ProgramLine> lines;
  const Program* program = program_of(plan.steps[step]);
  if (program == nullptr) return lines;
  const Operands operands(plan, *program, names);
  std::vector<std::int32_t> line_of(program->size());
  for (std::size_t k = 0; k < program->size(); ++k) {
    const Op& op = (*program)[k];
    if (operands.of_op(k) >= 0) {
      line_of[k] = -1 - operands.of_op(k);
      continue;
    }
    ProgramLine line{op_words(op, *program), {}};
    for (const std::uint32_t input : op.inputs) {
      const bool is_known =
          std::find(line.inputs.begin(), line.inputs.end(), line_of[input]) != line.inputs.end();
      if (!is_known) line.inputs.push_back(line_of[input]);  // parts of an encoded tensor are one
    }
    line_of[k] = static_cast<std::int32_t>(lines.size());
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace inarch
