#include "compiler/recipe/yaml_scan.h"

#include <array>

#include <fmt/format.h>

#include "compiler/support/text.h"

namespace inarch {

namespace {

bool is_break(char c) { return c == '\n' || c == '\r'; }
bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool is_space(char c) { return is_blank(c) || is_break(c); }
bool is_flow_indicator(char c) {
  return std::string_view(",[]{}").find(c) != std::string_view::npos;
}

/// A carriage return alone ends a line in YAML 1.2, but not for yaml-cpp, nor in most editors.
bool is_lone_carriage_return(std::string_view text, std::size_t at) {
  return text[at] == '\r' && text.substr(at, 2) != "\r\n";
}

std::string help_for_control_character(std::uint32_t c) {
  if (c == '\r') return "end lines with a line feed";
  if (c == 0) return "remove it";
  return fmt::format("remove it, or write \"\\x{:02x}\" in double quotes", c);
}

std::size_t line_end(std::string_view text, std::size_t at) {
  while (at < text.size() && !is_break(text[at])) ++at;
  return at;
}

std::size_t quoted_end(std::string_view text, std::size_t begin) {
  const char quote = text[begin];
  for (std::size_t at = begin + 1; at < text.size(); ++at) {
    if (quote == '"' && text[at] == '\\') {
      ++at;
    } else if (text[at] == quote) {
      const bool doubled = quote == '\'' && at + 1 < text.size() && text[at + 1] == quote;
      if (!doubled) return at + 1;
      ++at;
    }
  }
  return std::string_view::npos;
}

/// Line folding changes only whitespace, so the other characters of the value and of the text
/// agree.
std::size_t matched_end(std::string_view text, std::size_t from, std::string_view value) {
  std::size_t at = from;
  std::size_t end = from;
  for (const char c : value) {
    if (is_space(c)) continue;
    while (at < text.size() && is_space(text[at])) ++at;
    if (at == text.size() || text[at] != c) return end;
    end = ++at;
  }
  return end;
}

std::size_t tag_end(std::string_view text, std::size_t at) {
  if (text.substr(at, 2) == "!<") {
    const std::size_t close = text.find('>', at);
    return close == std::string_view::npos ? text.size() : close + 1;
  }
  return yaml_name_end(text, at);
}

}  // namespace

std::size_t yaml_name_end(std::string_view text, std::size_t begin) {
  std::size_t at = begin + 1;
  while (at < text.size() && !is_space(text[at]) && !is_flow_indicator(text[at])) ++at;
  return at;
}

std::size_t skip_yaml_blank(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    if (is_space(text[at])) {
      ++at;
    } else if (text[at] == '#' && (at == 0 || is_space(text[at - 1]))) {
      at = line_end(text, at);
    } else {
      break;
    }
  }
  return at;
}

YamlProperties skip_yaml_properties(std::string_view text, std::size_t at) {
  YamlProperties found;
  found.content = found.end = at;
  while (found.content < text.size()) {
    const std::size_t begin = found.content;
    if (text[begin] == '&') {
      found.end = yaml_name_end(text, begin);
    } else if (text[begin] == '!') {
      found.end = tag_end(text, begin);
      found.tag_begin = begin;
      found.tag_end = found.end;
    } else {
      break;
    }
    found.content = skip_yaml_blank(text, found.end);
  }
  return found;
}

std::size_t yaml_scalar_end(std::string_view text, std::size_t begin, std::string_view value) {
  if (begin >= text.size()) return text.size();
  const char first = text[begin];
  if (first == '"' || first == '\'') return quoted_end(text, begin);
  if (first != '|' && first != '>') return matched_end(text, begin, value);
  const std::size_t header = line_end(text, begin);
  const std::size_t body = matched_end(text, header, value);
  return body > header ? body : header;
}

std::size_t yaml_flow_end(std::string_view text, std::size_t from, char bracket) {
  const char closing = bracket == '[' ? ']' : '}';
  std::size_t at = skip_yaml_blank(text, from);
  while (at < text.size() && std::string_view(",:?").find(text[at]) != std::string_view::npos) {
    at = skip_yaml_blank(text, at + 1);
  }
  return at < text.size() && text[at] == closing ? at + 1 : from;
}

std::size_t yaml_null_length(std::string_view text, std::size_t at) {
  static constexpr std::array<std::string_view, 4> spellings = {"~", "null", "Null", "NULL"};
  for (const std::string_view spelling : spellings) {
    if (text.substr(at, spelling.size()) != spelling) continue;
    const std::size_t end = at + spelling.size();
    const bool ends = end == text.size() || is_space(text[end]) || is_flow_indicator(text[end]) ||
                      text[end] == ':';
    if (ends) return spelling.size();
  }
  return 0;
}

std::size_t find_unclosed_quote(std::string_view text, std::size_t from) {
  for (std::size_t at = from; at < text.size(); ++at) {
    const bool starts = at == 0 || is_space(text[at - 1]) || is_flow_indicator(text[at - 1]);
    if (!starts) continue;
    at = skip_yaml_blank(text, at);
    if (at == text.size()) break;
    if (text[at] != '"' && text[at] != '\'') continue;
    const std::size_t end = quoted_end(text, at);
    if (end == std::string_view::npos) return at;
    at = end - 1;
  }
  return std::string_view::npos;
}

bool is_first_on_line(std::string_view text, std::size_t at) {
  while (at > 0 && is_blank(text[at - 1])) --at;
  return at == 0 || is_break(text[at - 1]);
}

bool is_indented_by_tab(std::string_view text, std::size_t at, std::size_t& tab) {
  std::size_t start = at < text.size() ? at : text.size();
  while (start > 0 && !is_break(text[start - 1])) --start;
  for (; start < at && is_blank(text[start]); ++start) {
    if (text[start] != '\t') continue;
    tab = start;
    return true;
  }
  return false;
}

bool check_yaml_characters(std::string_view text, FileId file, Diagnostics& diagnostics) {
  bool control_seen = false;
  bool bidi_seen = false;
  const std::size_t start = text.substr(0, 3) == "\xEF\xBB\xBF" ? 3 : 0;
  for (std::size_t at = start; at < text.size();) {
    const CodePoint c = decode_utf8(text, at);
    const auto place = static_cast<std::uint32_t>(at);
    if (c.length == 0) {
      diagnostics.add(error("E102", fmt::format("the byte 0x{:02x} is not valid UTF-8",
                                                static_cast<unsigned char>(text[at])))
                          .at({file, place, place + 1}, "invalid here")
                          .hint("save the file as UTF-8"));
      return false;
    }
    const Span span{file, place, place + static_cast<std::uint32_t>(c.length)};
    const bool control = (c.value < 0x20 && !is_space(text[at])) || c.value == 0x7F ||
                         is_lone_carriage_return(text, at);
    if (control && !control_seen) {
      control_seen = true;
      diagnostics.add(error("E103", fmt::format("the control character U+{:04X} is not allowed "
                                                "in YAML",
                                                c.value))
                          .at(span, "control character")
                          .hint(help_for_control_character(c.value)));
    }
    if (c.value != 0x85 && is_bidi_or_invisible(c.value) && !bidi_seen) {
      bidi_seen = true;
      diagnostics.add(
          error("E104", fmt::format("the invisible character U+{:04X} can make text "
                                    "look like other text",
                                    c.value))
              .at(span, "invisible character")
              .hint(fmt::format("remove it, or write \"\\u{:04x}\" in double quotes", c.value)));
    }
    at += c.length;
  }
  return !control_seen && !bidi_seen;
}

}  // namespace inarch
