#include "compiler/recipe/format_yaml.h"

#include <algorithm>

#include "compiler/recipe/yaml_lines.h"
#include "compiler/recipe/yaml_remarks.h"
#include "compiler/recipe/yaml_scan.h"
#include "compiler/recipe/yaml_tree.h"
#include "compiler/support/render_line.h"

namespace inarch {

namespace {

using Kind = YamlRecord::Kind;

class YamlPrinter {
 public:
  YamlPrinter(std::string_view text, const std::vector<YamlRecord>& records,
              const std::vector<YamlRemark>& remarks)
      : text_(text), records_(records), remarks_(remarks) {}

  std::string print() {
    const YamlRecord& root = records_.front();
    start_line(0, root.span.begin);
    if (is_block(root)) {
      block(0, 0, true);
    } else {
      node(0, 0, 0);
    }
    flush(text_.size(), 0, 0);
    return lines_.text();
  }

 private:
  static bool is_collection(const YamlRecord& r) {
    return r.kind == Kind::sequence || r.kind == Kind::mapping;
  }
  static bool is_block(const YamlRecord& r) { return is_collection(r) && !r.bracketed; }
  bool has_children(std::size_t index) const { return records_[index].next > index + 1; }

  // ---- places in the text

  std::size_t line_of(std::size_t at) {
    if (at < counted_to_) counted_to_ = counted_lines_ = 0;
    counted_lines_ += static_cast<std::size_t>(
        std::count(text_.begin() + static_cast<std::ptrdiff_t>(counted_to_),
                   text_.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
    counted_to_ = at;
    return counted_lines_;
  }

  std::size_t column_of(std::size_t at) const {
    const std::size_t line = at == 0 ? std::string_view::npos : text_.rfind('\n', at - 1);
    return line == std::string_view::npos ? at : at - line - 1;
  }

  /// The first `sign` from `at` on that is not in a comment.
  std::size_t find_sign(std::size_t at, char sign) const {
    at = skip_yaml_blank(text_, at);
    while (at < text_.size() && text_[at] != sign) at = skip_yaml_blank(text_, at + 1);
    return at;
  }

  bool remark_before(std::size_t at) const {
    return next_remark_ < remarks_.size() && remarks_[next_remark_].begin < at;
  }

  /// Marks what has been written up to `at`.
  void written(std::size_t at) { last_ = std::max(last_, at); }

  // ---- lines

  /// Writes the remarks before `at`, where something with that indent and column comes next.
  void flush(std::size_t at, std::size_t indent, std::size_t column) {
    for (; remark_before(at); ++next_remark_) {
      const YamlRemark& remark = remarks_[next_remark_];
      if (!remark.own_line && !lines_.empty() && !lines_.has_remark()) {
        const std::string_view before = text_.substr(remark.begin - remark.column, remark.column);
        lines_.remark(remark.text, display_width(before));
      } else {
        space_before(remark.begin);
        lines_.begin(remark_indent(remark, indent, column));
        lines_.write(remark.text);
      }
      written(remark.end);
    }
  }

  /// A comment to the right of what follows belongs to the block above.
  std::size_t remark_indent(const YamlRemark& remark, std::size_t indent,
                            std::size_t column) const {
    if (remark.column <= column) return indent;
    for (auto level = levels_.rbegin(); level != levels_.rend(); ++level) {
      if (level->column <= remark.column) return std::max(level->indent, indent);
    }
    return indent;
  }

  void space_before(std::size_t at) {
    if (!lines_.empty() && line_of(at) > line_of(last_) + 1) lines_.blank();
  }

  void start_line(std::size_t indent, std::size_t at) {
    const std::size_t column = column_of(at);
    flush(at, indent, column);
    space_before(at);
    lines_.begin(indent);
    enter(indent, column);
  }

  void enter(std::size_t indent, std::size_t column) {
    while (!levels_.empty() && levels_.back().column >= column) levels_.pop_back();
    levels_.push_back({column, indent});
  }

  // ---- nodes

  /// A collection without brackets; `inline_first` when its first line has been begun.
  void block(std::size_t index, std::size_t indent, bool inline_first) {
    const bool mapping = records_[index].kind == Kind::mapping;
    for (std::size_t at = index + 1; at < records_[index].next;) {
      const std::size_t begin = mapping ? records_[at].span.begin : find_sign(last_, '-');
      if (inline_first) {
        enter(indent, column_of(begin));
      } else {
        start_line(indent, begin);
      }
      inline_first = false;
      if (mapping) {
        write_text(at);
        lines_.write(":");
        value(at + 1, indent, column_of(begin));
        at = records_[at + 1].next;
      } else {
        lines_.write("-");
        written(begin + 1);
        item(at, indent, column_of(begin));
        at = records_[at].next;
      }
    }
  }

  /// The `&name` before a node, which is all that may stand there beside signs and comments.
  void anchor(std::size_t index) {
    std::size_t at = skip_yaml_blank(text_, last_);
    while (at < records_[index].span.begin && text_[at] != '&') at = skip_yaml_blank(text_, at + 1);
    if (at >= records_[index].span.begin) return;
    const std::size_t end = yaml_name_end(text_, at);
    lines_.write(" ");
    lines_.write(text_.substr(at, end - at));
    written(end);
  }

  bool is_absent(const YamlRecord& r) const {
    return r.kind == Kind::null && r.span.begin == r.span.end;
  }

  /// What stands after a key of a block.
  void value(std::size_t index, std::size_t indent, std::size_t column) {
    const YamlRecord& record = records_[index];
    anchor(index);
    if (is_absent(record)) return;
    if (is_block(record)) {
      const std::size_t begin =
          record.kind == Kind::mapping ? record.span.begin : find_sign(last_, '-');
      start_line(indent + 2, begin);
      return block(index, indent + 2, true);
    }
    const bool below = line_of(record.span.begin) != line_of(last_);
    if (remark_before(record.span.begin) || (below && !fits(record))) {
      start_line(indent + 2, record.span.begin);
    } else {
      lines_.write(" ");
    }
    node(index, indent, column);
  }

  /// Whether a node of one line has room after the text at hand.
  bool fits(const YamlRecord& record) const {
    const std::string_view text =
        text_.substr(record.span.begin, record.span.end - record.span.begin);
    if (text.find('\n') != std::string_view::npos) return false;
    return lines_.column() + 1 + display_width(text) <= yaml_line_width;
  }

  /// What stands after a dash.
  void item(std::size_t index, std::size_t indent, std::size_t column) {
    const YamlRecord& record = records_[index];
    anchor(index);
    if (is_absent(record)) return;
    const bool list = is_block(record) && record.kind == Kind::sequence;
    const std::size_t begin = list ? find_sign(last_, '-') : record.span.begin;
    if (remark_before(begin)) {
      start_line(indent + 2, begin);
    } else {
      lines_.write(" ");
    }
    if (is_block(record)) return block(index, indent + 2, true);
    node(index, indent, column);
  }

  /// A node that begins on the line at hand; `indent` and `column` are those of what it belongs to.
  void node(std::size_t index, std::size_t indent, std::size_t column) {
    const YamlRecord& record = records_[index];
    if (is_collection(record)) return flow(index, indent);
    const char first = text_[record.span.begin];
    if (record.quoted && (first == '|' || first == '>')) return block_text(record, indent, column);
    write_text(index, indent + 2);
  }

  /// A scalar, null or alias as it is written, further lines of it at `indent`.
  void write_text(std::size_t index, std::size_t indent = 0) {
    const Span span = records_[index].span;
    std::string_view text = text_.substr(span.begin, span.end - span.begin);
    while (true) {
      const std::size_t end = text.find('\n');
      std::string_view line = text.substr(0, end);
      const std::size_t first = std::min(line.find_first_not_of(" \t\r"), line.size());
      if (line.data() != text_.data() + span.begin) line.remove_prefix(first);
      while (end != std::string_view::npos && !line.empty() &&
             std::string_view(" \t\r").find(line.back()) != std::string_view::npos)
        line.remove_suffix(1);
      lines_.write(line);
      if (end == std::string_view::npos) break;
      text.remove_prefix(end + 1);
      const bool empty =
          text.substr(0, text.find('\n')).find_first_not_of(" \t\r") == std::string_view::npos;
      lines_.begin(empty ? 0 : indent);
    }
    written(span.end);
  }

  /// The end of a text whose `+` makes the empty lines after it part of it.
  std::size_t end_with_empty_lines(std::size_t end) const {
    const std::size_t begin = end;
    while (end < text_.size() &&
           std::string_view("\n\r ").find(text_[end]) != std::string_view::npos)
      ++end;
    const std::size_t line = text_.rfind('\n', end == 0 ? 0 : end - 1);
    return line == std::string_view::npos ? end : std::max(line, begin);
  }

  /// `|` and `>`: the lines keep their places relative to one another.
  void block_text(const YamlRecord& record, std::size_t indent, std::size_t column) {
    const std::size_t header_end =
        std::min<std::size_t>(text_.find('\n', record.span.begin), record.span.end);
    std::string_view header = text_.substr(record.span.begin, header_end - record.span.begin);
    while (header.ends_with(' ') || header.ends_with('\r')) header.remove_suffix(1);
    lines_.write(header);
    const std::string_view signs = header.substr(0, 3);
    const bool keeps = signs.find('+') != std::string_view::npos;
    const std::size_t end = keeps ? end_with_empty_lines(record.span.end) : record.span.end;
    const std::size_t digit = signs.find_first_of("123456789");
    const bool stated = digit != std::string_view::npos;
    const std::size_t by = stated ? static_cast<std::size_t>(signs[digit] - '0') : 2;
    std::size_t base = stated ? column + by : std::string_view::npos;
    for (std::size_t at = header_end; at < end;) {
      const std::size_t next = std::min(text_.find('\n', at + 1), end);
      std::string_view line = text_.substr(at + 1, next - at - 1);
      at = next;
      if (line.ends_with('\r')) line.remove_suffix(1);
      const std::size_t first = line.find_first_not_of(' ');
      if (base == std::string_view::npos) base = first;
      const bool empty = first == std::string_view::npos;
      lines_.begin(empty ? 0 : indent + by);
      if (!empty) lines_.write(line.substr(std::min(base, first)));
    }
    written(end);
  }

  // ---- collections in brackets

  void flow(std::size_t index, std::size_t indent) {
    const YamlRecord& record = records_[index];
    const bool mapping = record.kind == Kind::mapping;
    if (!record.bracketed) return flow_entries(index, indent, false);
    lines_.write(mapping ? "{" : "[");
    written(record.span.begin + 1);
    const std::size_t close = record.span.end - 1;
    if (!has_children(index) && !remark_before(close)) {
      lines_.write(mapping ? "}" : "]");
      return written(record.span.end);
    }
    const bool padded = mapping || is_padded(index);
    flow_entries(index, indent, padded);
    if (remark_before(close)) {
      start_line(indent + 2, close);
    } else if (padded) {
      lines_.write(" ");
    }
    lines_.write(mapping ? "}" : "]");
    written(record.span.end);
  }

  /// Whether there are spaces inside a list's brackets: not around words and numbers, nor around
  /// lists of these.
  bool is_padded(std::size_t index) const {
    for (std::size_t at = index + 1; at < records_[index].next; at = records_[at].next) {
      const bool list = records_[at].kind == Kind::sequence;
      if (records_[at].quoted || records_[at].kind == Kind::mapping || (list && is_padded(at)))
        return true;
    }
    return false;
  }

  void flow_entries(std::size_t index, std::size_t indent, bool padded) {
    const bool mapping = records_[index].kind == Kind::mapping;
    std::size_t aligned = std::string_view::npos;  // where entries on further lines begin
    for (std::size_t at = index + 1; at < records_[index].next;) {
      const std::size_t begin = records_[at].span.begin;
      const bool first = at == index + 1;
      if (!first) lines_.write(",");
      const bool below = line_of(begin) != line_of(last_) && !(first && fits(records_[at]));
      const bool breaks = remark_before(begin) || below;
      if (breaks) {
        if (first) aligned = indent + 2;
        start_line(aligned, begin);
      } else if (!first || padded) {
        lines_.write(" ");
      }
      if (first) aligned = lines_.column();
      anchor(at);
      if (mapping) {
        at = flow_entry(at, aligned);
      } else {
        node(at, aligned, 0);
        at = records_[at].next;
      }
      const std::size_t comma = skip_yaml_blank(text_, last_);
      if (comma < text_.size() && text_[comma] == ',' && at < records_[index].next) written(comma);
    }
  }

  /// `key: value`, with a value or without one. Gives the record after it.
  std::size_t flow_entry(std::size_t key, std::size_t indent) {
    write_text(key, indent + 2);
    const YamlRecord& value = records_[key + 1];
    const std::size_t colon = skip_yaml_blank(text_, last_);
    if (is_absent(value)) {
      if (colon < text_.size() && text_[colon] == ':') lines_.write(":");
      return value.next;
    }
    lines_.write(":");
    anchor(key + 1);
    const bool below = line_of(value.span.begin) != line_of(last_);
    if (remark_before(value.span.begin) || (below && !fits(value))) {
      start_line(indent + 2, value.span.begin);
    } else {
      lines_.write(" ");
    }
    node(key + 1, indent, 0);
    return value.next;
  }

  struct Level {
    std::size_t column = 0;  // in the text
    std::size_t indent = 0;  // in the result
  };

  std::string_view text_;
  const std::vector<YamlRecord>& records_;
  const std::vector<YamlRemark>& remarks_;
  YamlLines lines_;
  std::vector<Level> levels_;  // of the blocks around what was written last
  std::size_t next_remark_ = 0;
  std::size_t last_ = 0;  // where what was written last ends in the text
  std::size_t counted_to_ = 0;
  std::size_t counted_lines_ = 0;
};

bool same_nodes(const std::vector<YamlRecord>& a, const std::vector<YamlRecord>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const YamlRecord& x, const YamlRecord& y) {
                      return x.kind == y.kind && x.text == y.text && x.quoted == y.quoted &&
                             x.next == y.next && x.target == y.target;
                    });
}

bool same_remarks(const std::vector<YamlRemark>& a, const std::vector<YamlRemark>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const YamlRemark& x, const YamlRemark& y) { return x.text == y.text; });
}

}  // namespace

std::optional<std::string> format_yaml(const SourceMap& sources, FileId file,
                                       Diagnostics& diagnostics) {
  if (!read_yaml(sources, file, diagnostics)) return std::nullopt;
  const std::string_view text = sources.text(file);
  const auto records = read_yaml_records(text, file, diagnostics);
  if (!records) return std::nullopt;
  const std::vector<YamlRemark> remarks = find_yaml_remarks(text, *records);
  std::string result = YamlPrinter(text, *records, remarks).print();
  // What became short may now fit where it did not: once more, until nothing changes.
  constexpr int rounds = 4;
  for (int round = 0; round < rounds; ++round) {
    SourceMap again;
    Diagnostics ignored;
    const FileId written = again.add(sources.path(file), result);
    const auto reread = read_yaml_records(again.text(written), written, ignored);
    if (!reread || !same_nodes(*records, *reread)) break;
    const std::vector<YamlRemark> kept = find_yaml_remarks(result, *reread);
    if (!same_remarks(remarks, kept)) break;
    std::string next = YamlPrinter(result, *reread, kept).print();
    if (next == result) return result;
    result = std::move(next);
  }
  diagnostics.add(error("E903", "this text cannot be laid out without a change of what it says")
                      .in(sources.path(file))
                      .note("this is a fault of inarch, not of the recipe; it was left as it is"));
  return std::nullopt;
}

}  // namespace inarch
