#include "compiler/recipe/yaml_remarks.h"

#include "compiler/recipe/yaml_scan.h"

namespace inarch {

namespace {

bool starts_comment(std::string_view text, std::size_t at) {
  if (text[at] != '#') return false;
  return at == 0 || text[at - 1] == ' ' || text[at - 1] == '\t' || text[at - 1] == '\n';
}

/// `---`, `...` or a directive, at the start of its line.
bool starts_marker(std::string_view text, std::size_t at) {
  if (at != 0 && text[at - 1] != '\n') return false;
  const std::string_view rest = text.substr(at);
  return rest.starts_with('%') || rest.starts_with("---") || rest.starts_with("...");
}

YamlRemark remark_at(std::string_view text, std::size_t at, bool is_comment) {
  YamlRemark remark;
  remark.begin = at;
  const std::size_t line = text.rfind('\n', at == 0 ? 0 : at - 1);
  const bool first_line = at == 0 || line == std::string_view::npos;
  remark.column = first_line ? at : at - line - 1;
  remark.own_line = is_first_on_line(text, at);
  // A document may begin on the line of its `---`.
  const bool is_dashes = !is_comment && text[at] != '%';
  remark.end = is_dashes ? at + 3 : std::min(text.find('\n', at), text.size());
  remark.text = text.substr(at, remark.end - at);
  while (remark.text.ends_with(' ') || remark.text.ends_with('\r') || remark.text.ends_with('\t'))
    remark.text.pop_back();
  return remark;
}

}  // namespace

std::vector<YamlRemark> find_yaml_remarks(std::string_view text,
                                          const std::vector<YamlRecord>& records) {
  std::vector<YamlRemark> remarks;
  std::size_t at = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  const auto scan_until = [&](std::size_t end) {
    while (at < end) {
      const bool comment = starts_comment(text, at);
      if (!comment && !starts_marker(text, at)) {
        ++at;
        continue;
      }
      remarks.push_back(remark_at(text, at, comment));
      at = remarks.back().end;
    }
  };
  for (const YamlRecord& record : records) {
    if (record.kind != YamlRecord::Kind::scalar) continue;
    scan_until(record.span.begin);
    at = std::max<std::size_t>(at, record.span.end);
  }
  scan_until(text.size());
  return remarks;
}

}  // namespace inarch
