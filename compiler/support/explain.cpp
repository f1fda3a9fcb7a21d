#include "compiler/support/explain.h"

#include <algorithm>

#include "compiler/support/embedded.h"

namespace inarch {

namespace {

constexpr std::string_view suffix = ".md";

std::string page_name(std::string_view code) {
  std::string name(code);
  if (!name.empty() && (name[0] == 'e' || name[0] == 'w')) name[0] -= 'a' - 'A';
  return name + std::string(suffix);
}

}  // namespace

const std::string* error_page(std::string_view code) {
  const std::string name = page_name(code);
  for (const embedded::File& page : embedded::error_pages()) {
    if (page.name == name) return &page.text;
  }
  return nullptr;
}

std::vector<std::string> error_codes() {
  std::vector<std::string> codes;
  for (const embedded::File& page : embedded::error_pages()) {
    codes.push_back(page.name.substr(0, page.name.size() - suffix.size()));
  }
  std::sort(codes.begin(), codes.end());
  return codes;
}

std::string error_title(std::string_view page) {
  const std::string_view line = page.substr(0, page.find('\n'));
  const std::size_t colon = line.find(": ");
  return std::string(colon == std::string_view::npos ? line : line.substr(colon + 2));
}

}  // namespace inarch
