#include "compiler/recipe/yaml_syntax_error.h"

#include <array>
#include <string>

#include <yaml-cpp/exceptions.h>

#include "compiler/support/text.h"

namespace inarch {

namespace {

struct Explanation {
  std::string_view parser_message;  // or how it starts
  std::string_view code;
  std::string_view message;
  std::string_view help;
};

namespace theirs = YAML::ErrorMsg;

constexpr std::string_view indent_alike =
    "give all keys of a mapping, and all items of a list, the same indentation";
constexpr std::string_view quote_it = "put the text into quotes";
constexpr std::string_view remove_directive = "remove the line that starts with '%'";

const std::array<Explanation, 29> explanations = {{
    {theirs::END_OF_MAP_FLOW, "E101", "expected ',' or '}' in a mapping in braces",
     "write a comma between entries, and '}' at the end"},
    {theirs::END_OF_SEQ_FLOW, "E101", "expected ',' or ']' in a list in brackets",
     "write a comma between items, and ']' at the end"},
    {theirs::END_OF_MAP, "E101", "expected another key of the mapping above, or its end",
     indent_alike},
    {theirs::END_OF_SEQ, "E101", "expected another '- ' item of the list above, or its end",
     indent_alike},
    {theirs::BLOCK_ENTRY, "E101", "a '- ' item cannot start here",
     "put the list on lines of its own, below its key"},
    {theirs::MAP_KEY, "E101", "a key cannot start here", indent_alike},
    {theirs::MAP_VALUE, "E101", "a ':' cannot stand here",
     "quote text that contains ': ', or put the inner mapping on lines of its own, indented"},
    {theirs::UNKNOWN_TOKEN, "E101", "this character cannot start a value", quote_it},
    {theirs::FLOW_END, "E101", "this bracket closes nothing that is open",
     "close the innermost bracket first"},
    {theirs::DOC_IN_SCALAR, "E101", "expected the end of quoted text before '---' or '...'",
     "close the quote, or indent the line"},
    {theirs::EOF_IN_SCALAR, "E116", "this quoted text never ends", "close the quote"},
    {theirs::CHAR_IN_SCALAR, "E101", "this character cannot stand in text without quotes",
     quote_it},
    {theirs::TAB_IN_INDENTATION, "E115", "a tab cannot indent YAML", "indent with spaces"},
    {theirs::INVALID_ESCAPE, "E101", "double quotes hold an unknown '\\' escape",
     "write '\\\\' for a backslash, or use single quotes"},
    {theirs::INVALID_HEX, "E101", "expected hexadecimal digits after '\\x', '\\u' or '\\U'",
     "write two, four or eight digits"},
    {theirs::INVALID_UNICODE, "E101", "the escape names no Unicode character",
     "write the character itself"},
    {theirs::CHAR_IN_BLOCK, "E101", "expected a line break after '|' or '>'",
     "start the text on the next line"},
    {theirs::ZERO_INDENT_IN_BLOCK, "E101", "a block of text cannot have indentation 0",
     "write '|' and indent the text"},
    {theirs::UNKNOWN_ANCHOR, "E117", "the alias names an anchor that does not exist",
     "write '&name' before the node to repeat, or quote text that starts with '*'"},
    {theirs::ALIAS_NOT_FOUND, "E101", "expected a name after '*'", quote_it},
    {theirs::ANCHOR_NOT_FOUND, "E101", "expected a name after '&'", quote_it},
    {theirs::CHAR_IN_ALIAS, "E101", "the name after '*' holds a character that it cannot",
     quote_it},
    {theirs::CHAR_IN_ANCHOR, "E101", "the name after '&' holds a character that it cannot",
     quote_it},
    {theirs::MULTIPLE_TAGS, "E113", "tags are not allowed", "remove them"},
    {theirs::CHAR_IN_TAG_HANDLE, "E113", "tags are not allowed", quote_it},
    {theirs::END_OF_VERBATIM_TAG, "E113", "tags are not allowed", quote_it},
    {theirs::MULTIPLE_ANCHORS, "E101", "a node has two anchors", "keep one of them"},
    {theirs::YAML_DIRECTIVE_ARGS, "E101", "expected one version after '%YAML'", remove_directive},
    {theirs::YAML_MAJOR_VERSION, "E101", "expected YAML version 1", remove_directive},
}};

}  // namespace

Diagnostic explain_yaml_syntax_error(std::string_view parser_message) {
  for (const Explanation& known : explanations) {
    if (parser_message.substr(0, known.parser_message.size()) != known.parser_message) continue;
    return error(std::string(known.code), std::string(known.message)).hint(std::string(known.help));
  }
  std::string said = escape_for_terminal(parser_message);
  return error("E101", "not valid YAML: " + said);
}

}  // namespace inarch
