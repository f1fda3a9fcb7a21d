#pragma once

#include <string>
#include <vector>

namespace inarch::docs {

/// A fenced block of a Markdown page: what stands behind the opening fence, the lines between, and
/// the number of the first of them.
struct Block {
  std::string info;
  std::string text;
  int line = 0;

  /// True when `word` is one of the words of the info string.
  bool says(const std::string& word) const;
  /// The value of `name=value` in the info string, or `otherwise`.
  std::string option(const std::string& name, const std::string& otherwise) const;
};

std::vector<Block> blocks_of(const std::string& markdown);

/// The targets of links to files of the repository, without fragments.
std::vector<std::string> relative_links(const std::string& markdown);

/// An example as a whole recipe. Whatever top-level keys it has are kept; `inarch`, `name`,
/// `sources` and `tensors` are added where they are missing, and a list of rules becomes `tensors`.
std::string whole_recipe(const std::string& example);

/// One `$ command` of a console block and the output that follows it.
struct Exchange {
  std::string command;
  std::string output;
};
std::vector<Exchange> exchanges_of(const std::string& console);
/// The text of a console block again.
std::string console_of(const std::vector<Exchange>& exchanges);

/// The page with another text in one of its blocks.
std::string with_block(const std::string& markdown, const Block& block, const std::string& text);

}  // namespace inarch::docs
