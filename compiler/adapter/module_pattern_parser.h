#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "compiler/adapter/module_pattern.h"

namespace inarch {

/// Turns a regular expression into the code of an automaton, piece by piece.
class ModulePatternParser {
 public:
  using Code = std::vector<PatternStep>;

  explicit ModulePatternParser(std::string_view text) : text_(text) {}

  /// Nothing on a fault, of which fault() tells.
  std::optional<Code> parse();
  const Diagnostic& fault() const { return *fault_; }

 private:
  std::optional<Code> alternatives(int depth);
  std::optional<Code> sequence(int depth);
  std::optional<Code> piece(int depth);
  std::optional<Code> group(int depth);
  std::optional<Code> repeated(Code code);
  std::optional<Code> times(const Code& code, int least, int most);
  std::optional<std::bitset<256>> one_class();
  std::optional<std::bitset<256>> escaped();
  std::optional<int> number();
  bool at_end() const { return at_ == text_.size(); }
  bool take(char c);
  std::nullopt_t malformed(std::string_view what);
  std::nullopt_t unsupported(std::string_view what);

  std::string_view text_;
  std::size_t at_ = 0;
  std::optional<Diagnostic> fault_;
};

}  // namespace inarch
