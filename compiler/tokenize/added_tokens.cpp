#include "compiler/tokenize/added_tokens.h"

#include <algorithm>

#include "compiler/support/text.h"
#include "compiler/tokenize/step_fields.h"
#include "compiler/tokenize/unicode_text.h"

namespace inarch {

namespace {

/// Where the character that ends at `end` begins; `end` is not 0.
std::size_t character_before(std::string_view text, std::size_t end) {
  std::size_t at = end - 1;
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) --at;
  return at;
}

bool ends_with_word(std::string_view text) {
  return !text.empty() &&
         is_unicode_word(decode_utf8(text, character_before(text, text.size())).value);
}

bool starts_with_word(std::string_view text) {
  return !text.empty() && is_unicode_word(decode_utf8(text, 0).value);
}

std::size_t before_spaces(std::string_view text) {
  std::size_t end = text.size();
  while (end > 0) {
    const std::size_t at = character_before(text, end);
    if (!is_unicode_space(decode_utf8(text, at).value)) break;
    end = at;
  }
  return end;
}

std::size_t spaces_at_start(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const CodePoint point = decode_utf8(text, at);
    if (!is_unicode_space(point.value)) break;
    at += point.length;
  }
  return at;
}

}  // namespace

Result<AddedTokens> AddedTokens::read(const Tokenizer& tokenizer,
                                      const TextNormalizer& normalizer) {
  AddedTokens result;
  const Value* added = tokenizer.document.find("added_tokens");
  if (!added || !added->if_list()) return result;
  for (const Value& entry : *added->if_list()) {
    const std::string& content = *entry.find("content")->if_text();
    const bool special = step_flag(entry, "special", false);
    const auto place = static_cast<std::int64_t>(result.tokens_.size());
    result.tokens_.push_back({*entry.find("id")->if_int(), step_flag(entry, "single_word", false),
                              step_flag(entry, "lstrip", false),
                              step_flag(entry, "rstrip", false)});
    if (!step_flag(entry, "normalized", !special)) {
      result.plain_.add(content, place);
      continue;
    }
    const auto text = normalizer.apply(content);
    if (!text) return text.error();
    result.normalized_.add(*text, place);
  }
  return result;
}

std::vector<AddedPart> AddedTokens::find(std::string_view text, const ByteTrie& trie) const {
  std::vector<AddedPart> parts;
  std::size_t done = 0;  // what parts cover
  for (std::size_t at = 0; at < text.size();) {
    std::size_t length = 0;
    std::int64_t place = -1;
    trie.for_each_prefix(text.substr(at), [&](std::size_t size, std::int64_t number) {
      length = size;
      place = number;
    });
    if (place < 0) {
      ++at;
      continue;
    }
    const Token& token = tokens_[static_cast<std::size_t>(place)];
    std::size_t begin = at, end = at + length;
    at = end;
    if (token.single_word &&
        (ends_with_word(text.substr(0, begin)) || starts_with_word(text.substr(end))))
      continue;
    if (token.takes_left) begin = std::max(before_spaces(text.substr(0, begin)), done);
    if (token.takes_right) end += spaces_at_start(text.substr(end));
    if (done < begin) parts.push_back({done, begin, -1});
    parts.push_back({begin, end, token.id});
    done = std::max(done, end);
  }
  if (done < text.size()) parts.push_back({done, text.size(), -1});
  return parts;
}

}  // namespace inarch
