#include "compiler/tokenize/text_pattern.h"

#include <algorithm>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <fmt/format.h>
#include <pcre2.h>

#include "compiler/support/text.h"

namespace inarch {

namespace {

constexpr std::size_t least_limit = 100'000;  // of the steps of a match
constexpr std::size_t most_text = std::size_t{1} << 28U;
constexpr std::uint32_t most_heap_kib = 256 * 1024;

/// For as long as a search takes.
struct Search {
  pcre2_match_data* data = nullptr;
  pcre2_match_context* context = nullptr;

  Search(const pcre2_code* code, std::size_t size)
      : data(pcre2_match_data_create_from_pattern(code, nullptr)),
        context(pcre2_match_context_create(nullptr)) {
    if (!context) return;
    const std::size_t limit = least_limit + 4 * std::min(size, most_text);
    pcre2_set_match_limit(context, static_cast<std::uint32_t>(limit));
    pcre2_set_heap_limit(context, most_heap_kib);
  }
  Search(const Search&) = delete;
  Search& operator=(const Search&) = delete;
  ~Search() {
    pcre2_match_data_free(data);
    pcre2_match_context_free(context);
  }
};

const unsigned char* units(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string shown(std::string_view pattern) { return escape_for_terminal(pattern, 120); }

std::string reason(int code) {
  unsigned char text[256] = {};
  pcre2_get_error_message(code, text, sizeof text);
  return reinterpret_cast<const char*>(text);
}

/// Compiles for Ruby's meaning of lines: `^` and `$` stand at each, and only \n ends one.
pcre2_code* compile(const std::string& pattern, int& code, std::size_t& at) {
  pcre2_compile_context* context = pcre2_compile_context_create(nullptr);
  if (!context) return nullptr;
  pcre2_set_newline(context, PCRE2_NEWLINE_LF);
  constexpr std::uint32_t options =
      PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C;
  pcre2_code* compiled =
      pcre2_compile(units(pattern), pattern.size(), options, &code, &at, context);
  pcre2_compile_context_free(context);
  return compiled;
}

std::vector<TextRange> find_literal(std::string_view text, std::string_view part) {
  std::vector<TextRange> found;
  for (std::size_t at = text.find(part); at != std::string_view::npos;
       at = text.find(part, at + part.size()))
    found.push_back({at, at + part.size()});
  return found;
}

}  // namespace

Result<TextPattern> TextPattern::regex(std::string_view pattern) {
  const auto translated = translate_pattern(pattern);
  return translated ? from_pcre(*translated, pattern) : Result<TextPattern>(translated.error());
}

Result<TextPattern> TextPattern::words() {
  // Rust's words have the characters that join others, U+200C and U+200D.
  constexpr std::string_view joiners = R"(\x{200c}\x{200d})";
  return from_pcre(fmt::format("[{0}{1}]+|[^{0}{1}{2}]+", word_class, joiners, space_class),
                   R"(\w+|[^\w\s]+)");
}

Result<TextPattern> TextPattern::from_pcre(const std::string& translated,
                                           std::string_view pattern) {
  int code = 0;
  std::size_t at = 0;
  pcre2_code* compiled = compile(translated, code, at);
  if (!compiled) {
    return error("E592", fmt::format("a pattern of the tokenizer is no regular expression: {}",
                                     reason(code)))
        .note(shown(pattern));
  }
  TextPattern result;
  result.text_ = pattern;
  result.compiled_ = std::shared_ptr<const void>(compiled, [](const void* held) {
    pcre2_code_free(const_cast<pcre2_code*>(static_cast<const pcre2_code*>(held)));
  });
  return result;
}

Result<TextPattern> TextPattern::literal(std::string_view text) {
  if (text.empty()) return error("E592", "a pattern of the tokenizer is an empty text");
  TextPattern result;
  result.text_ = text;
  return result;
}

Result<std::vector<TextRange>> TextPattern::find_all(std::string_view text) const {
  if (!compiled_) return find_literal(text, text_);
  const auto* code = static_cast<const pcre2_code*>(compiled_.get());
  const Search search(code, text.size());
  if (!search.data || !search.context) return error("E592", "no memory for a pattern's matches");
  std::vector<TextRange> found;
  std::size_t at = 0;
  while (at < text.size()) {
    // The text is known to be UTF-8, which the library would test anew for each match.
    const int count = pcre2_match(code, units(text), text.size(), at, PCRE2_NO_UTF_CHECK,
                                  search.data, search.context);
    if (count == PCRE2_ERROR_NOMATCH) break;
    if (count < 0) {
      return error("E592",
                   fmt::format("a pattern of the tokenizer takes too long for this text: {}",
                               reason(count)))
          .note(shown(text_));
    }
    const std::size_t* ends = pcre2_get_ovector_pointer(search.data);
    if (ends[1] > ends[0]) found.push_back({ends[0], ends[1]});
    at = ends[1] > ends[0] ? ends[1] : ends[1] + 1;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) ++at;
  }
  return found;
}

}  // namespace inarch
