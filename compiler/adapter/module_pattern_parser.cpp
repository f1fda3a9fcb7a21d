#include "compiler/adapter/module_pattern_parser.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "compiler/support/text.h"

namespace inarch {

namespace {

constexpr int deepest = 64;            // groups within groups
constexpr std::size_t longest = 4096;  // steps
constexpr int unlimited = -1;

using Code = ModulePatternParser::Code;

void append(Code& code, const Code& more) { code.insert(code.end(), more.begin(), more.end()); }

PatternStep split(int first, int second) { return {PatternStep::Kind::split, {}, first, second}; }

PatternStep byte_step(const std::bitset<256>& bytes) {
  return {PatternStep::Kind::byte, bytes, 1, 1};
}

int size_of(const Code& code) { return static_cast<int>(code.size()); }

std::bitset<256> range(unsigned char from, unsigned char to) {
  std::bitset<256> bytes;
  for (unsigned b = from; b <= to; ++b) bytes.set(b);
  return bytes;
}

std::bitset<256> single(char c) {
  std::bitset<256> bytes;
  bytes.set(static_cast<unsigned char>(c));
  return bytes;
}

std::bitset<256> digits() { return range('0', '9'); }
/// Letters beyond ASCII count as letters, as they do in Python.
std::bitset<256> letters() {
  return digits() | range('a', 'z') | range('A', 'Z') | single('_') | range(0x80, 0xff);
}
std::bitset<256> spaces() { return range('\t', '\r') | single(' '); }

}  // namespace

std::nullopt_t ModulePatternParser::malformed(std::string_view what) {
  if (!fault_) {
    fault_ = error(
        "E331", fmt::format("'{}' is no regular expression: {}", escape_for_terminal(text_), what));
  }
  return std::nullopt;
}

std::nullopt_t ModulePatternParser::unsupported(std::string_view what) {
  if (!fault_) {
    fault_ = error("E332", fmt::format("the pattern '{}' has {}, which is not read here",
                                       escape_for_terminal(text_), what));
  }
  return std::nullopt;
}

bool ModulePatternParser::take(char c) {
  if (at_end() || text_[at_] != c) return false;
  ++at_;
  return true;
}

std::optional<Code> ModulePatternParser::parse() {
  auto code = alternatives(0);
  if (code && !at_end()) return malformed("a parenthesis closes nothing");
  return code;
}

std::optional<Code> ModulePatternParser::alternatives(int depth) {
  if (depth > deepest) return unsupported("groups within groups without end");
  auto code = sequence(depth);
  while (code && take('|')) {
    const auto other = sequence(depth);
    if (!other) return std::nullopt;
    Code both{split(1, size_of(*code) + 2)};
    append(both, *code);
    both.push_back(split(size_of(*other) + 1, size_of(*other) + 1));
    append(both, *other);
    code = std::move(both);
  }
  return code;
}

std::optional<Code> ModulePatternParser::sequence(int depth) {
  Code code;
  while (!at_end() && text_[at_] != '|' && text_[at_] != ')') {
    auto next = piece(depth);
    if (next) next = repeated(std::move(*next));
    if (!next) return std::nullopt;
    append(code, *next);
    if (code.size() > longest) return unsupported("too many states");
  }
  return code;
}

std::optional<Code> ModulePatternParser::piece(int depth) {
  const char c = text_[at_++];
  switch (c) {
    case '^':
      return Code{{PatternStep::Kind::begin, {}, 1, 1}};
    case '$':
      return Code{{PatternStep::Kind::end, {}, 1, 1}};
    case '.':
      return Code{byte_step(~single('\n'))};
    case '(':
      return group(depth);
    case '*':
    case '+':
    case '?':
      return malformed("nothing to repeat");
    default:
      break;
  }
  std::optional<std::bitset<256>> bytes = single(c);
  if (c == '[') bytes = one_class();
  if (c == '\\') bytes = escaped();
  if (!bytes) return std::nullopt;
  return Code{byte_step(*bytes)};
}

std::optional<Code> ModulePatternParser::group(int depth) {
  if (take('?')) {
    if (take('P')) {
      if (!take('<')) return unsupported("a reference back");
      while (!at_end() && text_[at_] != '>') ++at_;
      if (!take('>')) return malformed("a group's name has no end");
    } else if (!take(':')) {
      return unsupported("a group that looks ahead, looks behind or sets flags");
    }
  }
  auto code = alternatives(depth + 1);
  if (code && !take(')')) return malformed("a parenthesis is not closed");
  return code;
}

std::optional<int> ModulePatternParser::number() {
  int value = 0;
  const std::size_t start = at_;
  while (!at_end() && text_[at_] >= '0' && text_[at_] <= '9' && value < 10000)
    value = value * 10 + (text_[at_++] - '0');
  return at_ == start ? std::nullopt : std::optional(value);
}

std::optional<Code> ModulePatternParser::repeated(Code code) {
  while (!at_end()) {
    int least = 0, most = unlimited;
    const std::size_t start = at_;
    if (take('+')) {
      least = 1;
    } else if (take('?')) {
      most = 1;
    } else if (take('{')) {
      const auto low = number();
      const bool several = take(',');
      const auto high = several ? number() : low;
      if (!take('}') || (!low && !high)) {  // then it is text, as in Python
        at_ = start;
        return code;
      }
      least = low.value_or(0);
      most = high.value_or(unlimited);
      if (most != unlimited && most < least) return malformed("a range of repetitions is empty");
    } else if (!take('*')) {
      return code;
    }
    take('?');  // how greedy it is makes no difference to whether it fits
    auto more = times(code, least, most);
    if (!more) return std::nullopt;
    code = std::move(*more);
  }
  return code;
}

std::optional<Code> ModulePatternParser::times(const Code& code, int least, int most) {
  const std::size_t copies = static_cast<std::size_t>(std::max(least, most)) + 1;
  if (copies > longest || copies * (code.size() + 2) > longest)
    return unsupported("too many states");
  Code all;
  for (int k = 0; k < least; ++k) append(all, code);
  if (most == unlimited) {
    all.push_back(split(1, size_of(code) + 2));
    append(all, code);
    all.push_back(split(-size_of(code) - 1, -size_of(code) - 1));
  }
  for (int k = least; k < most; ++k) {
    all.push_back(split(1, size_of(code) + 1));
    append(all, code);
  }
  return all;
}

std::optional<std::bitset<256>> ModulePatternParser::escaped() {
  if (at_end()) return malformed("a backslash stands at the end");
  const char c = text_[at_++];
  switch (c) {
    case 'd':
      return digits();
    case 'D':
      return ~digits();
    case 'w':
      return letters();
    case 'W':
      return ~letters();
    case 's':
      return spaces();
    case 'S':
      return ~spaces();
    default:
      break;
  }
  if (digits().test(static_cast<unsigned char>(c))) return unsupported("a reference back");
  const bool letter = letters().test(static_cast<unsigned char>(c)) && c != '_';
  if (letter) return unsupported(fmt::format("\\{}", escape_for_terminal(std::string(1, c))));
  return single(c);
}

std::optional<std::bitset<256>> ModulePatternParser::one_class() {
  std::bitset<256> bytes;
  const bool inverted = take('^');
  bool first = true;
  while (!at_end() && (text_[at_] != ']' || first)) {
    first = false;
    const char low = text_[at_++];
    if (low == '\\') {
      const auto more = escaped();
      if (!more) return std::nullopt;
      bytes |= *more;
      continue;
    }
    const bool spans = at_ + 1 < text_.size() && text_[at_] == '-' && text_[at_ + 1] != ']';
    if (!spans) {
      bytes |= single(low);
      continue;
    }
    const char high = text_[at_ + 1];
    at_ += 2;
    if (high == '\\' || static_cast<unsigned char>(high) < static_cast<unsigned char>(low))
      return malformed("a range of characters is empty");
    bytes |= range(static_cast<unsigned char>(low), static_cast<unsigned char>(high));
  }
  if (!take(']')) return malformed("a bracket is not closed");
  return inverted ? ~bytes : bytes;
}

}  // namespace inarch
