#include "compiler/tokenize/pre_tokenizer.h"

#include <fmt/format.h>

#include "compiler/support/text.h"
#include "compiler/tokenize/byte_alphabet.h"
#include "compiler/tokenize/split_text.h"
#include "compiler/tokenize/step_fields.h"
#include "compiler/tokenize/unicode_text.h"

namespace inarch {

namespace {

using Pieces = std::vector<TextPiece>;
using PreTokenizerStep = std::function<Status(TextPiece&&, Pieces&)>;

void add_pieces(const TextPiece& whole, const std::vector<TextRange>& ranges, Pieces& out) {
  for (const TextRange& range : ranges) {
    out.push_back(
        {whole.text.substr(range.begin, range.size()), whole.at_start && range.begin == 0});
  }
}

PreTokenizerStep split_at(TextPattern pattern, SplitBehavior behavior, bool invert) {
  return [pattern = std::move(pattern), behavior, invert](TextPiece&& piece, Pieces& out) {
    const auto matches = pattern.find_all(piece.text);
    if (!matches) return Status(matches.error());
    add_pieces(piece, split_pieces(piece.text.size(), *matches, behavior, invert), out);
    return Status();
  };
}

PreTokenizerStep split_at_characters(bool (*is_match)(std::uint32_t), SplitBehavior behavior) {
  return [=](TextPiece&& piece, Pieces& out) {
    const auto matches = find_characters(piece.text, is_match);
    add_pieces(piece, split_pieces(piece.text.size(), matches, behavior, false), out);
    return Status();
  };
}

/// One step after the other.
PreTokenizerStep both(PreTokenizerStep first, PreTokenizerStep second) {
  return [first = std::move(first), second = std::move(second)](TextPiece&& piece, Pieces& out) {
    Pieces between;
    Status status = first(std::move(piece), between);
    for (TextPiece& part : between) {
      if (status) status = second(std::move(part), out);
    }
    return status;
  };
}

Result<PreTokenizerStep> byte_level(const Value& step) {
  const PreTokenizerStep spell = [](TextPiece&& piece, Pieces& out) {
    out.push_back({spell_bytes(piece.text), piece.at_start});
    return Status();
  };
  PreTokenizerStep then = spell;
  if (step_flag(step, "use_regex", true)) {
    auto words = TextPattern::regex(
        R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)");
    if (!words) return words.error();
    then = both(split_at(std::move(*words), SplitBehavior::isolated, false), spell);
  }
  if (!step_flag(step, "add_prefix_space", true)) return then;
  return PreTokenizerStep([then](TextPiece&& piece, Pieces& out) {
    if (!piece.text.starts_with(' ')) piece.text.insert(0, 1, ' ');
    return then(std::move(piece), out);
  });
}

Result<PreTokenizerStep> metaspace(const Value& step) {
  const std::string mark = step_text(step, "replacement").value_or("\xE2\x96\x81");
  std::string scheme = step_text(step, "prepend_scheme").value_or("always");
  if (!step_flag(step, "add_prefix_space", true)) scheme = "never";
  if (scheme != "always" && scheme != "never" && scheme != "first")
    return unknown_step("prepend_scheme", scheme);
  auto pattern = TextPattern::literal(mark);
  if (!pattern) return pattern.error();
  PreTokenizerStep words = split_at(std::move(*pattern), SplitBehavior::merged_with_next, false);
  const bool splits = step_flag(step, "split", true);
  return PreTokenizerStep(
      [mark, scheme, splits, words = std::move(words)](TextPiece&& piece, Pieces& out) {
        std::string text;
        for (const char c : piece.text) {
          if (c == ' ') {
            text += mark;
          } else {
            text += c;
          }
        }
        const bool wanted = scheme == "always" || (scheme == "first" && piece.at_start);
        if (wanted && !text.starts_with(mark)) text.insert(0, mark);
        piece.text = std::move(text);
        if (splits) return words(std::move(piece), out);
        out.push_back(std::move(piece));
        return Status();
      });
}

Result<PreTokenizerStep> split_step(const Value& step) {
  auto pattern = step_pattern(step);
  if (!pattern) return pattern.error();
  const std::string name = step_text(step, "behavior").value_or("");
  const auto behavior = split_behavior(name);
  if (!behavior) return unknown_step("split behavior", name);
  return split_at(std::move(*pattern), *behavior, step_flag(step, "invert", false));
}

Result<PreTokenizerStep> words_and_symbols() {
  auto pattern = TextPattern::words();
  if (!pattern) return pattern.error();
  return split_at(std::move(*pattern), SplitBehavior::removed, true);
}

Result<PreTokenizerStep> fixed_length(const Value& step) {
  const Value* length = step.find("length");
  if (!length || !length->if_int() || *length->if_int() < 1)
    return unknown_step("pre-tokenizer", "FixedLength without a length");
  return PreTokenizerStep([count = *length->if_int()](TextPiece&& piece, Pieces& out) {
    std::int64_t characters = 0;
    std::size_t begin = 0;
    std::vector<TextRange> ranges;
    for (std::size_t at = 0; at < piece.text.size();) {
      at += std::max<std::size_t>(decode_utf8(piece.text, at).length, 1);
      if (++characters % count != 0 && at < piece.text.size()) continue;
      ranges.push_back({begin, at});
      begin = at;
    }
    add_pieces(piece, ranges, out);
    return Status();
  });
}

}  // namespace

Result<PreTokenizer> PreTokenizer::read(const Value* step) {
  PreTokenizer result;
  if (!step || step->is_null()) return result;
  Status status = result.add(*step, 0);
  if (!status) return status.error();
  return result;
}

Status PreTokenizer::add(const Value& step, int depth) {
  if (depth > 20) return unknown_step("pre-tokenizer", "that is nested too deep");
  if (step_type(step) != "Sequence") {
    auto made = simple_step(step);
    if (!made) return made.error();
    steps_.push_back(std::move(*made));
    return {};
  }
  const Value* steps = step.find("pretokenizers");
  if (!steps || !steps->if_list()) return unknown_step("pre-tokenizer", "Sequence without a list");
  for (const Value& inner : *steps->if_list()) {
    Status status = add(inner, depth + 1);
    if (!status) return status;
  }
  return {};
}

Result<PreTokenizer::Step> PreTokenizer::simple_step(const Value& step) {
  const std::string type = step_type(step);
  if (type == "ByteLevel") return byte_level(step);
  if (type == "Metaspace") return metaspace(step);
  if (type == "Split") return split_step(step);
  if (type == "FixedLength") return fixed_length(step);
  if (type == "Whitespace") return words_and_symbols();
  if (type == "WhitespaceSplit")
    return split_at_characters(is_unicode_space, SplitBehavior::removed);
  if (type == "BertPreTokenizer") {
    return both(split_at_characters(is_unicode_space, SplitBehavior::removed),
                split_at_characters(is_unicode_punctuation, SplitBehavior::isolated));
  }
  if (type == "Digits") {
    const bool single = step_flag(step, "individual_digits", false);
    return split_at_characters(is_unicode_number,
                               single ? SplitBehavior::isolated : SplitBehavior::contiguous);
  }
  if (type == "Punctuation") {
    const std::string name = step_text(step, "behavior").value_or("Isolated");
    const auto behavior = split_behavior(name);
    if (!behavior) return unknown_step("split behavior", name);
    return split_at_characters(is_unicode_punctuation, *behavior);
  }
  if (type == "CharDelimiterSplit") {
    auto delimiter = TextPattern::literal(step_text(step, "delimiter").value_or(""));
    if (!delimiter) return delimiter.error();
    return split_at(std::move(*delimiter), SplitBehavior::removed, false);
  }
  return unknown_step("pre-tokenizer", type.empty() ? "without a type" : type);
}

Result<std::vector<TextPiece>> PreTokenizer::apply(TextPiece whole) const {
  Pieces pieces;
  if (!whole.text.empty()) pieces.push_back(std::move(whole));
  for (const Step& step : steps_) {
    Pieces next;
    for (TextPiece& piece : pieces) {
      Status status = step(std::move(piece), next);
      if (!status) return status.error();
    }
    pieces = std::move(next);
  }
  return pieces;
}

}  // namespace inarch
