#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/picture/source_names.h"
#include "compiler/plan/plan.h"

namespace inarch {

enum class WorkKind : std::uint8_t {
  copied,    // as it lies in a source
  moved,     // elements of a source in another order
  computed,  // from the numbers of sources
  made,      // from nothing: constants and random numbers
};
std::string_view name(WorkKind kind);

/// A tensor of a source that goes into an output.
struct StoryOperand {
  std::uint32_t source = 0;
  std::string name;  // "FILE at byte N" where its name is not known
};

/// What becomes of sources on the way to one output.
struct OutputStory {
  WorkKind work = WorkKind::copied;
  std::uint32_t step = 0;
  std::string chain;  // "decode fp8 · rank 64 · left factor"; "" where nothing is done
  std::vector<StoryOperand> operands;
};

/// One op of a program, for people. Those that read are left out, and stand for their operand.
struct ProgramLine {
  std::string words;
  std::vector<std::int32_t> inputs;  // earlier lines; −1−k is operand k of the story
};

/// The stories of all outputs of the plan, by output.
std::vector<OutputStory> tell_stories(const Plan& plan, const SourceNames& names);

/// The program that computes an output, line by line, with operands numbered as its story numbers
/// them. Nothing for a copy.
std::vector<ProgramLine> program_lines(const Plan& plan, std::uint32_t step,
                                       const SourceNames& names);

/// The ops of a step, null for a copy.
const Program* program_of(const Step& step);

}  // namespace inarch
