#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/recipe/yaml_records.h"

namespace inarch {

/// What a YAML text has between its nodes: a comment, or a line of its own such as `---`.
struct YamlRemark {
  std::size_t begin = 0;  // in the text
  std::size_t end = 0;
  std::size_t column = 0;  // bytes before it on its line
  bool own_line = false;   // nothing but blanks before it
  std::string text;        // without blanks at its end
};

/// All of them, in order. `records` are those of the text, whose scalars may hold a '#'.
std::vector<YamlRemark> find_yaml_remarks(std::string_view text,
                                          const std::vector<YamlRecord>& records);

}  // namespace inarch
