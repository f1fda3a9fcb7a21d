#include "compiler/support/render_sarif.h"

#include <algorithm>
#include <cctype>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "compiler/support/explain.h"
#include "compiler/support/json_literal.h"

namespace inarch {

namespace {

/// A path as part of a URI (RFC 3986): what is neither unreserved nor a slash is percent-encoded.
std::string uri_path(std::string_view path) {
  std::string out;
  for (const char c : path) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                       std::string_view("-._~/").find(c) != std::string_view::npos;
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned>(c) & 0xFFu);
  }
  return out;
}

/// SARIF reads [text](target) in a message as a link.
std::string message(std::string_view text) {
  std::string escaped;
  const bool like_a_link = text.find("](") != std::string_view::npos;
  for (const char c : text) {
    if (like_a_link && (c == '[' || c == ']' || c == '\\')) escaped += '\\';
    escaped += c;
  }
  return fmt::format(R"({{"text": {}}})", json_literal(escaped));
}

std::string region(const Annotation& at) {
  return fmt::format(R"({{"startLine": {}, "startColumn": {}, "endLine": {}, "endColumn": {}}})",
                     at.begin.line, at.begin.column, at.end.line, at.end.column);
}

/// The inside of a location object: its file, its region, and what is said of it.
std::string location(const Annotation& at, const std::string& label) {
  const std::string artifact =
      at.path.starts_with('/')
          ? fmt::format(R"({{"uri": {}}})", json_literal("file://" + uri_path(at.path)))
          : fmt::format(R"({{"uri": {}, "uriBaseId": "%SRCROOT%"}})",
                        json_literal(uri_path(at.path)));
  std::string text = fmt::format(R"("physicalLocation": {{"artifactLocation": {}{}}})", artifact,
                                 at.begin.line > 0 ? ", \"region\": " + region(at) : "");
  if (!label.empty()) text += fmt::format(R"(, "message": {})", message(label));
  return text;
}

std::string_view level_of(std::string_view code) {
  return code.starts_with('W') ? "warning" : "error";
}

/// A page without its first line, which is the rule's short description.
std::string_view body(std::string_view page) {
  const std::size_t line_end = page.find('\n');
  const std::size_t begin = page.find_first_not_of('\n', std::min(line_end, page.size()));
  return page.substr(std::min(begin, page.size()));
}

std::string rule(const std::string& code) {
  const std::optional<std::string_view> page = error_page(code);
  if (!page) return fmt::format(R"({{"id": {}}})", json_literal(code));
  const std::string text = json_literal(body(*page));
  return fmt::format(
      R"({{"id": {}, "shortDescription": {}, "help": {{"text": {}, "markdown": {}}},)"
      R"( "defaultConfiguration": {{"level": "{}"}}}})",
      json_literal(code), message(error_title(*page)), text, text, level_of(code));
}

std::string related_locations(const Diagnostic& diagnostic, const SourceMap& sources,
                              const AnnotatedPath& path) {
  std::vector<std::string> list;
  for (const Label& label : diagnostic.secondary) {
    const Annotation at = annotate(label, sources, path);
    if (at.known())
      list.push_back(fmt::format(R"({{"id": {}, {}}})", list.size() + 1, location(at, label.text)));
  }
  return fmt::format("[{}]", fmt::join(list, ", "));
}

}  // namespace

std::size_t SarifLog::rule_index(const std::string& code) {
  const auto at = std::find(codes_.begin(), codes_.end(), code);
  const auto index = static_cast<std::size_t>(at - codes_.begin());
  if (at == codes_.end()) codes_.push_back(code);
  return index;
}

void SarifLog::add(const Diagnostic& diagnostic, const SourceMap& sources,
                   const AnnotatedPath& path, const std::string& input) {
  const Annotation at = annotate(diagnostic, sources, path, input);
  const bool own_place = at.known() && annotate(diagnostic.primary, sources, path).known();
  const std::string locations =
      at.known()
          ? fmt::format("{{{}}}", location(at, own_place ? diagnostic.primary.text : std::string()))
          : std::string();
  results_.push_back(fmt::format(
      R"({{"ruleId": {}, "ruleIndex": {}, "level": "{}", "message": {}, "locations": [{}],)"
      R"( "relatedLocations": {}}})",
      json_literal(diagnostic.code), rule_index(diagnostic.code),
      diagnostic.severity == Severity::error ? "error" : "warning",
      message(annotation_text(diagnostic, sources, path)), locations,
      related_locations(diagnostic, sources, path)));
}

std::string SarifLog::document(const std::string& version, int exit_code, bool completed) const {
  std::vector<std::string> rules;
  for (const std::string& code : codes_) rules.push_back(rule(code));
  const auto lines = [](const std::vector<std::string>& list) {
    return list.empty() ? std::string("[]")
                        : fmt::format("[\n        {}\n      ]", fmt::join(list, ",\n        "));
  };
  return fmt::format(R"({{
  "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
  "version": "2.1.0",
  "runs": [
    {{
      "tool": {{"driver": {{"name": "inarch", "version": {}, "rules": {}}}}},
      "columnKind": "unicodeCodePoints",
      "originalUriBaseIds": {{"%SRCROOT%": {{"description": {{"text": "the root of the repository"}}}}}},
      "invocations": [{{"executionSuccessful": {}, "exitCode": {}}}],
      "results": {}
    }}
  ]
}}
)",
                     json_literal(version), lines(rules), completed, exit_code, lines(results_));
}

}  // namespace inarch
