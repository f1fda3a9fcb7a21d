#include "compiler/support/explain.h"

#include <algorithm>
#include <string_view>

#include "compiler/support/embedded.h"

namespace inarch {

namespace {

constexpr std::string_view suffix = ".md";

std::string page_name(std::string_view code) {
  std::string name(code);
  if (!name.empty() && (name[0] == 'e' || name[0] == 'w')) name[0] -= 'a' - 'A';
  return name + std::string(suffix);
}

/// A section of a golden test, without its head; "" when it has none of that name.
std::string_view golden_section(std::string_view text, const std::string& head) {
  const std::size_t at = text.find("\n" + head + "\n");
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + head.size() + 2);
  return text.substr(0, text.starts_with("--- ") ? 0 : text.find("\n--- "));
}

/// The first finding with this code: from its line to the next empty one.
std::string_view finding_in(std::string_view text, const std::string& code) {
  std::size_t at = text.find("[" + code + "]");
  if (at == std::string_view::npos) return {};
  at = text.rfind('\n', at);
  text.remove_prefix(at == std::string_view::npos ? 0 : at + 1);
  return text.substr(0, text.find("\n\n"));
}

/// Adds the lines as Markdown shows them, each after `margin`. What a test leaves open is "…".
void add_lines(std::string_view lines, std::string_view margin, std::string& out) {
  while (!lines.empty()) {
    std::string line(lines.substr(0, lines.find('\n')));
    lines.remove_prefix(std::min(lines.size(), line.size() + 1));
    for (const std::string_view open : {"[...]", "[..]"}) {
      for (std::size_t at = line.find(open); at != std::string::npos; at = line.find(open, at))
        line.replace(at, open.size(), "…");
    }
    out += line.empty() ? "\n" : std::string(margin) + line + "\n";
  }
}

}  // namespace

std::string error_example(std::string_view code) {
  std::string name = page_name(code);
  name.resize(name.size() - suffix.size());
  for (const embedded::File& test : embedded::error_examples()) {
    if (test.name.find("/" + name + ".") == std::string::npos) continue;
    const std::string_view run = golden_section(test.text, "--- run");
    std::string_view found = finding_in(golden_section(test.text, "--- stderr"), name);
    if (found.empty()) found = finding_in(golden_section(test.text, "--- stdout"), name);
    if (run.empty() || found.empty()) continue;
    std::string out = "Seen, in a test:\n\n";
    add_lines(run.substr(0, run.find('\n')), "    $ ", out);
    if (run.find('\n') != std::string_view::npos)
      add_lines(run.substr(run.find('\n') + 1), "      ", out);
    add_lines(found, "    ", out);
    return out;
  }
  return {};
}

std::optional<std::string_view> error_page(std::string_view code) {
  const std::string name = page_name(code);
  for (const embedded::File& page : embedded::error_pages()) {
    if (page.name == name) return page.text;
  }
  return std::nullopt;
}

std::vector<std::string> error_codes() {
  std::vector<std::string> codes;
  for (const embedded::File& page : embedded::error_pages()) {
    codes.emplace_back(page.name.substr(0, page.name.size() - suffix.size()));
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
