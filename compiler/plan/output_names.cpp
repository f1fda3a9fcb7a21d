#include "compiler/plan/output_names.h"

namespace inarch {

std::string_view directory_of(std::string_view file_name) {
  const std::size_t slash = file_name.find('/');
  return slash == std::string_view::npos ? std::string_view() : file_name.substr(0, slash);
}

bool is_plain_name(std::string_view name) {
  if (name.empty() || name.size() > 255 || name == "." || name == "..") return false;
  if (name == "manifest.json" || name.starts_with(".inarch")) return false;
  return name.find('/') == std::string_view::npos && name.find('\0') == std::string_view::npos;
}

std::set<std::string_view> directories_of(const std::vector<OutputPart>& parts) {
  std::set<std::string_view> directories;
  for (const OutputPart& part : parts) directories.insert(part.directory);
  return directories;
}

bool is_file_name(std::string_view name, const std::set<std::string_view>& directories) {
  if (directories.empty()) return is_plain_name(name);
  const std::string_view directory = directory_of(name);
  return directories.contains(directory) && is_plain_name(name.substr(directory.size() + 1));
}

}  // namespace inarch
