#pragma once

#include <cstddef>
#include <string_view>

#include "compiler/support/diagnostic.h"

namespace inarch {

/// Where the parts of a YAML node lie in its text. The parser names only the first byte of a node;
/// these find the rest. Offsets are bytes from the start of `text`.

/// The `&anchor` and `!tag` in front of a node.
struct YamlProperties {
  std::size_t content = 0;    // where the node itself starts
  std::size_t end = 0;        // where the last property ends; `content` when there is none
  std::size_t tag_begin = 0;  // the tag, when tag_end is not 0
  std::size_t tag_end = 0;
};
YamlProperties skip_yaml_properties(std::string_view text, std::size_t at);

/// Skips spaces, line breaks and comments.
std::size_t skip_yaml_blank(std::string_view text, std::size_t at);

/// The end of the scalar that starts at `begin` and was decoded to `value`; npos for a quote that
/// never closes. Needs `value` because a plain scalar ends where its indentation says.
std::size_t yaml_scalar_end(std::string_view text, std::size_t begin, std::string_view value);

/// The end of an `*alias` or an `&anchor`.
std::size_t yaml_name_end(std::string_view text, std::size_t begin);

/// Just after the bracket that closes a flow collection whose last child ends at `from`, or `from`.
std::size_t yaml_flow_end(std::string_view text, std::size_t from, char bracket);

/// The length of `null`, `~` and their spellings at `at`, or 0.
std::size_t yaml_null_length(std::string_view text, std::size_t at);

/// The first quote after `from` that never closes, or npos.
std::size_t find_unclosed_quote(std::string_view text, std::size_t from);

/// True when only blanks stand before `at` on its line.
bool is_first_on_line(std::string_view text, std::size_t at);

/// True when the line on which `at` lies starts with whitespace that has a tab in it; `tab` is then
/// where.
bool is_indented_by_tab(std::string_view text, std::size_t at, std::size_t& tab);

/// Refuses what no YAML text may hold or what can deceive a reader: invalid UTF-8 (E102), control
/// characters (E103), bidirectional controls (E104). A byte order mark at the start is fine.
bool check_yaml_characters(std::string_view text, FileId file, Diagnostics& diagnostics);

}  // namespace inarch
