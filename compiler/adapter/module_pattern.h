#pragma once

#include <bitset>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/support/result.h"

namespace inarch {

/// One instruction of a pattern's automaton. Jumps are relative, so that code can be repeated.
struct PatternStep {
  enum class Kind { byte, split, begin, end };
  Kind kind = Kind::byte;
  std::bitset<256> bytes;  // byte: those that fit
  int first = 1;           // split: where it may go on
  int second = 1;
};

/// A key of PEFT's rank_pattern or alpha_pattern: a regular expression, in Python's spelling, that
/// a module's name must end in, from its start or from a dot on. Matching takes time in proportion
/// to the name, whatever the pattern.
class ModulePattern {
 public:
  /// E332 for what automata cannot do (references back, looking ahead or behind, \b) and for
  /// patterns of more than some thousand states; E331 for what is no regular expression.
  static Result<ModulePattern> parse(std::string_view text);

  bool matches(std::string_view module) const;
  const std::string& text() const { return text_; }

 private:
  bool fits_from(std::string_view module, std::size_t start) const;

  std::string text_;
  std::vector<PatternStep> code_;
};

}  // namespace inarch
