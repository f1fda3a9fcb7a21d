#include "tests/docs/page.h"

#include <algorithm>
#include <regex>
#include <sstream>

namespace inarch::docs {

namespace {

using Lines = std::vector<std::string>;

Lines split(const std::string& text) {
  Lines lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

bool starts_with(const std::string& text, const std::string& prefix) {
  return text.compare(0, prefix.size(), prefix) == 0;
}

/// The models of tests/docs/models, which the runner makes before it reads the pages.
constexpr const char* sources =
    "sources:\n"
    "  text:    { path: models/gemma-3 }\n"
    "  vision:  { path: models/gemma-4 }\n"
    "  base:    { path: models/base }\n"
    "  a:       { path: models/a }\n"
    "  b:       { path: models/b }\n"
    "  experts: [ { path: models/a }, { path: models/b } ]\n";

constexpr const char* tensors =
    "tensors:\n"
    "  - from: \"base:{name...}\"\n"
    "    to: \"{name}\"\n";

std::string indented(const std::string& text) {
  std::string out;
  for (const std::string& line : split(text)) out += line.empty() ? "\n" : "  " + line + "\n";
  return out;
}

}  // namespace

bool Block::says(const std::string& word) const {
  std::istringstream in(info);
  for (std::string each; in >> each;) {
    if (each == word) return true;
  }
  return false;
}

std::string Block::option(const std::string& name, const std::string& otherwise) const {
  std::istringstream in(info);
  for (std::string each; in >> each;) {
    if (starts_with(each, name + "=")) return each.substr(name.size() + 1);
  }
  return otherwise;
}

std::vector<Block> blocks_of(const std::string& markdown) {
  std::vector<Block> blocks;
  bool inside = false;
  int number = 0;
  for (const std::string& line : split(markdown)) {
    ++number;
    if (starts_with(line, "```")) {
      if (!inside) blocks.push_back({line.substr(3), "", number + 1});
      inside = !inside;
    } else if (inside) {
      blocks.back().text += line + "\n";
    }
  }
  return blocks;
}

std::vector<std::string> relative_links(const std::string& markdown) {
  static const std::regex link(R"(\]\(([^)#\s]+)[^)]*\))");
  std::vector<std::string> targets;
  for (std::sregex_iterator at(markdown.begin(), markdown.end(), link), end; at != end; ++at) {
    const std::string target = (*at)[1];
    if (target.find("://") == std::string::npos) targets.push_back(target);
  }
  return targets;
}

std::string whole_recipe(const std::string& example) {
  const Lines lines = split(example);
  const auto has = [&](const std::string& key) {
    return std::any_of(lines.begin(), lines.end(),
                       [&](const std::string& line) { return starts_with(line, key + ":"); });
  };
  const auto first = std::find_if(lines.begin(), lines.end(), [](const std::string& line) {
    return !line.empty() && line[0] != '#';
  });
  std::string recipe;
  if (!has("inarch")) recipe += "inarch: 1\n";
  if (!has("name")) recipe += "name: example\n";
  if (!has("sources")) recipe += sources;
  if (first != lines.end() && starts_with(*first, "- "))
    return recipe + "tensors:\n" + indented(example);
  if (!has("tensors")) recipe += tensors;
  return recipe + example;
}

std::vector<Exchange> exchanges_of(const std::string& console) {
  std::vector<Exchange> exchanges;
  for (const std::string& line : split(console)) {
    if (starts_with(line, "$ ")) {
      exchanges.push_back({line.substr(2), ""});
    } else if (!exchanges.empty()) {
      exchanges.back().output += line + "\n";
    }
  }
  return exchanges;
}

std::string console_of(const std::vector<Exchange>& exchanges) {
  std::string console;
  for (const Exchange& exchange : exchanges)
    console += "$ " + exchange.command + "\n" + exchange.output;
  return console;
}

std::string with_block(const std::string& markdown, const Block& block, const std::string& text) {
  std::size_t begin = 0;
  for (int line = 1; line < block.line; ++line) begin = markdown.find('\n', begin) + 1;
  return markdown.substr(0, begin) + text + markdown.substr(begin + block.text.size());
}

}  // namespace inarch::docs
