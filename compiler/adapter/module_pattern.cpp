#include "compiler/adapter/module_pattern.h"

#include <memory>
#include <utility>

#include "compiler/adapter/module_pattern_parser.h"

namespace inarch {

namespace {

/// The states in which an automaton may be after some bytes; those that need no byte are followed
/// at once.
class PatternStates {
 public:
  explicit PatternStates(const std::vector<PatternStep>& code)
      : code_(code), seen_(code.size() + 1, false) {}

  void add(std::size_t state, bool at_begin, bool at_end) {
    std::vector<std::size_t> pending = {state};
    while (!pending.empty()) {
      const std::size_t s = pending.back();
      pending.pop_back();
      if (seen_[s]) continue;
      seen_[s] = true;
      states_.push_back(s);
      if (s == code_.size()) continue;
      const PatternStep& step = code_[s];
      const auto go = [&](int by) {
        pending.push_back(static_cast<std::size_t>(static_cast<std::ptrdiff_t>(s) + by));
      };
      if (step.kind == PatternStep::Kind::split) {
        go(step.first);
        go(step.second);
      } else if ((step.kind == PatternStep::Kind::begin && at_begin) ||
                 (step.kind == PatternStep::Kind::end && at_end)) {
        go(1);
      }
    }
  }

  const std::vector<std::size_t>& list() const { return states_; }
  bool at_end() const { return seen_.back(); }

 private:
  const std::vector<PatternStep>& code_;
  std::vector<bool> seen_;
  std::vector<std::size_t> states_;
};

}  // namespace

Result<ModulePattern> ModulePattern::parse(std::string_view text) {
  ModulePatternParser parser(text);
  auto code = parser.parse();
  if (!code) return parser.fault();
  ModulePattern pattern;
  pattern.text_ = text;
  pattern.code_ = std::move(*code);
  return pattern;
}

bool ModulePattern::matches(std::string_view module) const {
  if (fits_from(module, 0)) return true;
  for (std::size_t at = 0; at < module.size(); ++at) {
    if (module[at] == '.' && fits_from(module, at + 1)) return true;
  }
  return false;
}

bool ModulePattern::fits_from(std::string_view module, std::size_t start) const {
  auto states = std::make_unique<PatternStates>(code_);
  states->add(0, start == 0, start == module.size());
  for (std::size_t at = start; at < module.size(); ++at) {
    auto next = std::make_unique<PatternStates>(code_);
    for (const std::size_t s : states->list()) {
      const bool fits = s < code_.size() && code_[s].kind == PatternStep::Kind::byte &&
                        code_[s].bytes.test(static_cast<unsigned char>(module[at]));
      if (fits) next->add(s + 1, false, at + 1 == module.size());
    }
    if (next->list().empty()) return false;
    states = std::move(next);
  }
  return states->at_end();
}

}  // namespace inarch
