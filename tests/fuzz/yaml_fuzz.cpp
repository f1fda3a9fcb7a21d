// Any bytes as a recipe: the reader ends, gives a tree or a reason, and its spans lie on the text
// that they claim to cover.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "compiler/recipe/yaml_tree.h"
#include "compiler/support/render_human.h"
#include "compiler/support/render_json.h"
#include "compiler/support/text.h"

namespace {

using inarch::YamlNode;

void require(bool condition) {
  if (!condition) std::abort();
}

std::string without_space(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c != ' ' && c != '\t' && c != '\n' && c != '\r') out += c;
  }
  return out;
}

void check_node(const YamlNode& node, const inarch::SourceMap& sources, std::size_t depth) {
  require(depth <= inarch::yaml_max_depth);
  const std::string_view all = sources.text(node.span.file);
  require(node.span.begin <= node.span.end && node.span.end <= all.size());
  const std::string_view text = sources.text(node.span);
  if (node.is_scalar() && !node.quoted) require(without_space(text) == without_space(node.text));
  if (node.is_scalar() && node.quoted && (text[0] == '"' || text[0] == '\'')) {
    require(text.size() >= 2 && text.front() == text.back());
  }
  if (node.is_scalar()) inarch::looks_like_number(node.text);
  for (const YamlNode& item : node.items) check_node(item, sources, depth + 1);
  for (const auto& [key, value] : node.entries) {
    require(key.is_scalar());
    require(node.find(key.text) == &value);
    check_node(key, sources, depth + 1);
    check_node(value, sources, depth + 1);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes(size, '\0');
  std::copy_n(data, size, bytes.begin());
  inarch::SourceMap sources;
  const inarch::FileId file = sources.add("recipe.yaml", std::move(bytes));
  inarch::Diagnostics diagnostics;
  const auto root = inarch::read_yaml(sources, file, diagnostics);
  require(root.has_value() != diagnostics.has_errors());
  const std::string human = inarch::render_human(diagnostics, sources, {false, 80});
  require(inarch::is_utf8(human) && human.find('\x1b') == std::string::npos);
  require(inarch::is_utf8(inarch::render_json(diagnostics, sources)));
  if (root) {
    check_node(*root, sources, 0);
    inarch::to_value(*root);
  }
  return 0;
}
