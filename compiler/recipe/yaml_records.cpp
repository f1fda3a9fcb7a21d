#include "compiler/recipe/yaml_records.h"

#include <algorithm>
#include <sstream>
#include <utility>

#include <fmt/format.h>
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "compiler/recipe/yaml_scan.h"
#include "compiler/recipe/yaml_syntax_error.h"
#include "compiler/recipe/yaml_tree.h"
#include "compiler/support/sizes.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

constexpr std::size_t npos = std::string_view::npos;

/// Ends the parse when going on is useless; the reason is already among the diagnostics.
struct Stop {};

bool is_about_escape(std::string_view message) {
  return message.find("escape") != npos || message.find("unicode") != npos ||
         message.find("hex") != npos;
}

class Recorder : public YAML::EventHandler {
 public:
  Recorder(std::string_view text, FileId file, bool several, Diagnostics& diagnostics)
      : text_(text), file_(file), several_(several), diagnostics_(diagnostics) {
    if (text.substr(0, 3) == "\xEF\xBB\xBF") shift_ = last_end_ = 3;
  }

  void OnDocumentStart(const YAML::Mark& mark) override;
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override;
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    open(YamlRecord::Kind::sequence, mark, tag, anchor, style);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    open(YamlRecord::Kind::mapping, mark, tag, anchor, style);
  }
  void OnMapEnd() override { close(); }

  void report(const YAML::Exception& failure);
  std::vector<YamlRecord> take() { return std::move(records_); }

 private:
  struct Level {
    std::size_t record = 0;
    char bracket = 0;  // of a flow collection
    bool flow = false;
  };

  std::size_t offset(const YAML::Mark& mark) const {
    const std::size_t at = mark.pos < 0 ? 0 : static_cast<std::size_t>(mark.pos) + shift_;
    return std::min(at, text_.size());
  }
  Span span(std::size_t begin, std::size_t end) const {
    return {file_, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
  }
  Span character(std::size_t at) const { return span(at, std::min(at + 1, text_.size())); }
  bool in_flow() const { return !levels_.empty() && levels_.back().flow; }

  std::size_t add(YamlRecord record, YAML::anchor_t anchor);
  void finish(std::size_t index);
  void open(YamlRecord::Kind kind, const YAML::Mark& mark, const std::string& tag,
            YAML::anchor_t anchor, YAML::EmitterStyle::value style);
  void close();
  void refuse_tag(const YamlProperties& properties);
  void refuse_tab(std::size_t at);
  void check_depth(std::size_t levels, Span place);
  void point_at_open_collection(Diagnostic& found, std::size_t at) const;
  std::size_t implied_null_place() const;
  [[noreturn]] void stop(Diagnostic diagnostic) {
    diagnostics_.add(std::move(diagnostic));
    throw Stop{};
  }

  std::string_view text_;
  FileId file_;
  bool several_;  // documents may follow one another
  Diagnostics& diagnostics_;
  std::size_t shift_ = 0;     // the parser does not count a byte order mark
  std::size_t last_end_ = 0;  // where the text of the last finished node ends
  std::size_t reported_tag_end_ = 0;
  std::size_t nodes_ = 0;
  bool document_seen_ = false;
  bool tab_reported_ = false;
  std::vector<YamlRecord> records_;
  std::vector<std::size_t> anchors_;  // record by the parser's anchor number
  std::vector<Level> levels_;
};

void Recorder::OnDocumentStart(const YAML::Mark& mark) {
  if (!std::exchange(document_seen_, true)) return;
  const std::size_t between = skip_yaml_blank(text_, last_end_);
  const std::string_view marker = text_.substr(between, 3);
  if (several_ && (marker == "---" || marker == "...")) return anchors_.clear();
  if (marker == "---" || marker == "...") {
    stop(error("E107", "a recipe is one YAML document, but a second one starts here")
             .at(span(between, between + 3), "the first document ends here")
             .hint("put the second document into a file of its own"));
  }
  const Span root = records_.empty() ? Span{} : records_[0].span;
  stop(error("E101", "this line belongs to nothing above it")
           .at(character(offset(mark)), "starts something new at the outermost level")
           .also(root.known() ? span(root.begin, root.begin) : root, "the document starts here")
           .hint("indent it like the lines that it belongs to"));
}

std::size_t Recorder::add(YamlRecord record, YAML::anchor_t anchor) {
  nodes_ += record.nodes;
  if (nodes_ > yaml_max_nodes) {
    const bool alias = record.kind == YamlRecord::Kind::alias;
    stop(error("E111",
               fmt::format("the document has more than {} nodes{}", format_count(yaml_max_nodes),
                           alias ? " once its aliases are expanded" : ""))
             .at(record.span,
                 alias ? fmt::format("adds {} nodes",
                                     format_count(static_cast<std::int64_t>(record.nodes)))
                       : std::string("one node too many"))
             .hint("write fewer aliases of aliases, or split the document"));
  }
  const std::size_t index = records_.size();
  record.next = npos;
  records_.push_back(std::move(record));
  if (anchor != YAML::NullAnchor) {
    if (anchors_.size() <= anchor) anchors_.resize(anchor + 1, npos);
    anchors_[anchor] = index;
  }
  return index;
}

void Recorder::finish(std::size_t index) {
  YamlRecord& record = records_[index];
  record.next = records_.size();
  last_end_ = std::max<std::size_t>(last_end_, record.span.end);
  if (levels_.empty()) return;
  YamlRecord& parent = records_[levels_.back().record];
  parent.nodes += record.nodes;
  parent.height = std::max(parent.height, record.height + 1);
}

void Recorder::refuse_tag(const YamlProperties& properties) {
  if (properties.tag_end <= reported_tag_end_) return;
  reported_tag_end_ = properties.tag_end;
  const Span place = span(properties.tag_begin, properties.tag_end);
  const std::string name = escape_for_terminal(
      text_.substr(properties.tag_begin, properties.tag_end - properties.tag_begin), 60);
  diagnostics_.add(
      error("E113", fmt::format("the tag '{}' is not allowed", name))
          .at(place, "tag")
          .hint(fmt::format("remove it; quote text that starts with '!': '{}'", name)));
}

void Recorder::refuse_tab(std::size_t at) {
  std::size_t tab = 0;
  if (tab_reported_ || in_flow() || !is_indented_by_tab(text_, at, tab)) return;
  tab_reported_ = true;
  diagnostics_.add(error("E115", "a tab cannot indent YAML")
                       .at(character(tab), "tab")
                       .hint("indent with spaces"));
}

void Recorder::check_depth(std::size_t levels, Span place) {
  if (levels <= yaml_max_depth) return;
  stop(error("E112", fmt::format("nested more than {} levels deep", yaml_max_depth))
           .at(place, fmt::format("level {}", levels))
           .hint("a recipe needs a handful of levels; is this the right file?"));
}

/// A value that is not there is reported where the next token starts; its place is after the sign
/// that asks for it.
std::size_t Recorder::implied_null_place() const {
  if (levels_.empty()) return last_end_;  // a document that holds nothing
  const std::size_t sign = skip_yaml_blank(text_, last_end_);
  const bool asks = sign < text_.size() && std::string_view(":-?").find(text_[sign]) != npos;
  return asks ? sign + 1 : last_end_;
}

void Recorder::OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) {
  const YamlProperties properties = skip_yaml_properties(text_, offset(mark));
  refuse_tag(properties);
  YamlRecord record;
  const std::size_t length = yaml_null_length(text_, properties.content);
  if (length != 0) {
    record.span = span(properties.content, properties.content + length);
    refuse_tab(properties.content);
  } else {
    const std::size_t place = anchor != YAML::NullAnchor ? properties.end : implied_null_place();
    record.span = span(place, place);
  }
  finish(add(std::move(record), anchor));
}

void Recorder::OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) {
  YamlRecord record;
  record.kind = YamlRecord::Kind::alias;
  const std::size_t begin = offset(mark);
  record.span = span(begin, std::max(begin, yaml_name_end(text_, begin)));
  record.target = anchor < anchors_.size() ? anchors_[anchor] : npos;
  refuse_tab(begin);
  if (record.target == npos || records_[record.target].next == npos) {
    Diagnostic cyclic = error("E110", "an alias stands inside the node that it repeats")
                            .at(record.span, "would contain itself")
                            .hint("repeat a node that is already complete");
    if (record.target != npos) {
      const std::uint32_t start = records_[record.target].span.begin;
      std::move(cyclic).also(span(start, start), "the node starts here");
    }
    stop(std::move(cyclic));
  }
  const YamlRecord& target = records_[record.target];
  record.nodes = target.nodes;
  record.height = target.height;
  check_depth(levels_.size() + record.height, record.span);
  finish(add(std::move(record), YAML::NullAnchor));
}

void Recorder::OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                        const std::string& value) {
  const YamlProperties properties = skip_yaml_properties(text_, offset(mark));
  refuse_tag(properties);
  const std::size_t begin = properties.content;
  refuse_tab(begin);
  YamlRecord record;
  record.kind = YamlRecord::Kind::scalar;
  record.quoted = begin < text_.size() && std::string_view("\"'|>").find(text_[begin]) != npos;
  const std::size_t end = yaml_scalar_end(text_, begin, value);
  if (end == npos) {
    stop(error("E116", "this quoted text never ends")
             .at(character(begin), "opened here")
             .hint(fmt::format("close it with {}", text_[begin])));
  }
  record.span = span(begin, std::max(begin, end));
  record.text = value;
  if (value.find('\0') != npos) {
    diagnostics_.add(error("E103", "the control character U+0000 is not allowed in YAML")
                         .at(record.span, "holds it as an escape")
                         .hint("remove the escape"));
  }
  finish(add(std::move(record), anchor));
}

void Recorder::open(YamlRecord::Kind kind, const YAML::Mark& mark, const std::string& tag,
                    YAML::anchor_t anchor, YAML::EmitterStyle::value style) {
  const YamlProperties properties = skip_yaml_properties(text_, offset(mark));
  if (tag != "?" && !tag.empty()) refuse_tag(properties);
  refuse_tab(properties.content);
  Level level;
  level.flow = style == YAML::EmitterStyle::Flow;
  const char first = properties.content < text_.size() ? text_[properties.content] : '\0';
  if (level.flow && first == (kind == YamlRecord::Kind::mapping ? '{' : '[')) level.bracket = first;
  YamlRecord record;
  record.kind = kind;
  record.bracketed = level.bracket != 0;
  record.span = character(properties.content);
  check_depth(levels_.size() + 1, record.span);
  level.record = add(std::move(record), anchor);
  levels_.push_back(level);
  last_end_ = std::max(last_end_, properties.content + (level.bracket != 0 ? 1 : 0));
}

void Recorder::close() {
  const Level level = levels_.back();
  levels_.pop_back();
  YamlRecord& record = records_[level.record];
  const bool has_children = level.record + 1 < records_.size();
  if (level.bracket != 0) {
    record.span.end = static_cast<std::uint32_t>(yaml_flow_end(text_, last_end_, level.bracket));
  } else if (has_children) {
    record.span.begin = records_[level.record + 1].span.begin;
    record.span.end =
        static_cast<std::uint32_t>(std::max<std::size_t>(record.span.begin, last_end_));
  }
  finish(level.record);
}

void Recorder::report(const YAML::Exception& failure) {
  const std::size_t at = offset(failure.mark);
  const bool about_end =
      failure.msg == YAML::ErrorMsg::END_OF_MAP || failure.msg == YAML::ErrorMsg::END_OF_SEQ;
  const bool about_indentation = about_end || failure.msg == YAML::ErrorMsg::MAP_VALUE ||
                                 failure.msg == YAML::ErrorMsg::MAP_KEY ||
                                 failure.msg == YAML::ErrorMsg::BLOCK_ENTRY;
  std::size_t tab = 0;
  if (about_indentation && !in_flow() && is_indented_by_tab(text_, at, tab)) return refuse_tab(at);
  if (about_end && !is_first_on_line(text_, at)) {
    diagnostics_.add(error("E101", "expected the end of the line after this value")
                         .at(character(at), "more text")
                         .hint("quote the whole text; inside single quotes, write '' for '"));
    return;
  }
  Diagnostic found = explain_yaml_syntax_error(failure.msg);
  found.primary = {character(at), {}};
  if (found.code == "E116") {
    const std::size_t quote = find_unclosed_quote(text_, last_end_);
    found.primary = {character(quote == npos ? at : quote), "opened here"};
  } else if (found.code == "E117") {
    found.primary = {span(at, yaml_name_end(text_, at)), "no anchor of this name above"};
  } else if (is_about_escape(failure.msg)) {
    const std::size_t backslash = text_.substr(0, at).rfind('\\');
    if (backslash != npos) found.primary.span = span(backslash, at);
  } else if (!levels_.empty() && failure.msg.find("end") != npos) {
    point_at_open_collection(found, at);
  }
  diagnostics_.add(std::move(found));
}

void Recorder::point_at_open_collection(Diagnostic& found, std::size_t at) const {
  const Level& level = levels_.back();
  const YamlRecord& record = records_[level.record];
  const Span start = character(record.span.begin);
  if (level.bracket != 0 && skip_yaml_blank(text_, at) == text_.size()) {
    found.primary = {start, "never closed"};
  } else if (level.bracket != 0) {
    found.secondary.push_back({start, "still open"});
  } else {
    const bool list = record.kind == YamlRecord::Kind::sequence;
    found.secondary.push_back({start, list ? "the list starts here" : "the mapping starts here"});
  }
}

/// The parser holds all tokens of a line before it gives the first event, so what would be refused
/// anyway is refused before it takes memory.
bool check_size(std::string_view text, FileId file, Diagnostics& diagnostics) {
  const auto nodes = static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return c == ',' || c == '[' || c == '{'; }));
  if (nodes <= yaml_max_nodes) return true;
  diagnostics.add(error("E111", fmt::format("the document has more than {} nodes",
                                            format_count(yaml_max_nodes)))
                      .at({file, 0, 0}, fmt::format("about {} in this file",
                                                    format_count(static_cast<std::int64_t>(nodes))))
                      .hint("a recipe has a few thousand at most; is this the right file?"));
  return false;
}

}  // namespace

std::optional<std::vector<YamlRecord>> read_yaml_records(std::string_view text, FileId file,
                                                         Diagnostics& diagnostics, bool several) {
  if (!check_size(text, file, diagnostics)) return std::nullopt;
  Recorder recorder(text, file, several, diagnostics);
  std::istringstream stream{std::string(text)};
  const std::size_t errors_before = diagnostics.errors();
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(recorder)) {
    }
  } catch (const Stop&) {
    return std::nullopt;
  } catch (const YAML::DeepRecursion& failure) {
    diagnostics.add(error("E112", fmt::format("nested more than {} levels deep", yaml_max_depth))
                        .at({file, 0, 0})
                        .note(failure.msg));
    return std::nullopt;
  } catch (const YAML::Exception& failure) {
    recorder.report(failure);
    return std::nullopt;
  }
  if (diagnostics.errors() != errors_before) return std::nullopt;
  return recorder.take();
}

}  // namespace inarch
