#include "compiler/mergekit/carry_comments.h"

#include <algorithm>
#include <map>
#include <optional>

#include "compiler/recipe/yaml_remarks.h"
#include "compiler/support/render_line.h"

namespace inarch {

namespace {

constexpr std::size_t widest_line = 120;

class CommentCarrier {
 public:
  CommentCarrier(const RecipeText& recipe, const SourceMap& sources, FileId file)
      : recipe_(recipe), sources_(sources), file_(file) {
    Diagnostics ignored;
    if (auto records = read_yaml_records(sources.text(file), file, ignored, true))
      records_ = std::move(*records);
  }

  RecipeText carry() {
    if (records_.empty()) return recipe_;
    const std::size_t begin = records_.front().span.begin;
    for (const YamlRemark& remark : find_yaml_remarks(sources_.text(file_), records_)) {
      if (remark.text.starts_with('#') && remark.begin >= begin) place(remark);
    }
    RecipeText out;
    for (std::size_t k = 0; k < recipe_.size(); ++k) write(k, out);
    if (!below_.empty()) out.add("");
    for (const std::string& text : below_) out.add(text);
    return out;
  }

 private:
  /// Of the configuration's text.
  struct Range {
    std::size_t begin = 0;
    std::size_t end = 0;
  };

  struct Additions {
    std::vector<std::string> above;
    std::string behind;
  };

  int line_of(std::size_t at) const {
    return sources_.locate(file_, static_cast<std::uint32_t>(at)).line;
  }

  std::size_t column_of(std::size_t at) const {
    return static_cast<std::size_t>(sources_.locate(file_, static_cast<std::uint32_t>(at)).column -
                                    1);
  }

  /// Where what a comment is about begins: on its own line, or what comes next unless the comment
  /// is indented further, and so about what is above. npos for one below all else.
  std::size_t subject_of(const YamlRemark& remark) const {
    std::size_t on_line = std::string_view::npos;
    std::size_t last = records_.front().span.begin;
    for (const YamlRecord& record : records_) {
      const std::size_t begin = record.span.begin;
      if (record.span.begin == record.span.end) continue;
      if (begin > remark.end) {
        if (!remark.own_line) return std::min(on_line, begin);
        return remark.column > column_of(begin) ? last : begin;
      }
      const bool same_line = line_of(begin) == line_of(remark.begin);
      if (same_line && on_line == std::string_view::npos) on_line = begin;
      last = begin;
    }
    return remark.own_line && remark.column > 0 ? last : on_line;
  }

  /// The first line of the recipe, from `begin` on, that stands for this line of the configuration.
  std::optional<std::size_t> line_for(int line, std::size_t begin) const {
    for (std::size_t k = begin; k < recipe_.size(); ++k) {
      const Span origin = recipe_.origin(k);
      if (origin.file == file_ && !is_whole(origin) && line_of(origin.begin) == line) return k;
    }
    return std::nullopt;
  }

  /// What stands for a document, and so for no line of it.
  bool is_whole(Span origin) const { return line_of(origin.begin) != line_of(origin.end); }

  /// The outermost key of the document that `at` belongs to, and the range of the whole entry.
  std::string section_of(std::size_t at, Range& range) const {
    for (std::size_t root = 0; root < records_.size(); root = records_[root].next) {
      if (records_[root].kind != YamlRecord::Kind::mapping) continue;
      for (std::size_t key = root + 1; key < records_[root].next;
           key = records_[records_[key].next].next) {
        const YamlRecord& value = records_[records_[key].next];
        range = {records_[key].span.begin, std::max(records_[key].span.end, value.span.end)};
        if (at >= range.begin && at <= range.end) return records_[key].text;
      }
    }
    return {};
  }

  std::optional<std::size_t> line_that_begins(std::string_view words) const {
    for (std::size_t k = 0; k < recipe_.size(); ++k) {
      if (recipe_.line(k).starts_with(words)) return k;
    }
    return std::nullopt;
  }

  /// The line, from `begin` on, whose origin is nearest to `at` within a section: the last before
  /// it, else the first after it.
  std::optional<std::size_t> line_near(std::size_t at, std::size_t begin, Range section,
                                       bool look_down) const {
    std::optional<std::size_t> above;
    std::optional<std::size_t> below;
    for (std::size_t k = begin; k < recipe_.size(); ++k) {
      const Span origin = recipe_.origin(k);
      if (origin.file != file_ || is_whole(origin)) continue;
      if (origin.begin < section.begin || origin.begin > section.end) continue;
      if (origin.begin <= at && (!above || origin.begin > recipe_.origin(*above).begin)) above = k;
      if (origin.begin > at && (!below || origin.begin < recipe_.origin(*below).begin)) below = k;
    }
    return look_down && below ? below : above ? above : below;
  }

  void place(const YamlRemark& remark) {
    const std::size_t subject = subject_of(remark);
    if (subject == std::string_view::npos) return below_.push_back(remark.text);
    Range range;
    const std::string section = section_of(subject, range);
    // A slice is a rule, and a model that is merged with others a source.
    const std::size_t rules = line_that_begins("tensors:").value_or(0);
    const std::size_t from = section == "slices" && remark.own_line ? rules : 0;
    if (const auto exact = line_for(line_of(subject), from))
      return attach(*exact, remark, !remark.own_line);
    const bool of_models = section == "models" || section == "slices" || section == "modules" ||
                           section == "experts" || section == "shared_experts";
    const bool look_down = remark.own_line && remark.end < subject;
    if (of_models && subject != range.begin) {
      if (const auto near = line_near(subject, section == "slices" ? rules : 0, range, look_down))
        return attach(*near, remark, false);
    }
    if (section == "dtype" || section == "out_dtype") {
      if (const auto dtype = line_that_begins("  dtype:"))
        return attach(*dtype, remark, !remark.own_line);
    }
    if (section.starts_with("tokenizer") || section == "chat_template") {
      if (const auto vocabulary = line_that_begins("vocabulary:"))
        return attach(*vocabulary, remark, false);
    }
    const bool of_rules = of_models || section == "parameters" || section == "merge_method" ||
                          section == "base_model" || section == "gate_mode";
    attach(of_rules ? rules : line_that_begins("inarch:").value_or(0), remark, false);
  }

  void attach(std::size_t line, const YamlRemark& remark, bool behind) {
    Additions& additions = additions_[line];
    const std::size_t width = display_width(recipe_.line(line)) + 2 + display_width(remark.text);
    if (behind && additions.behind.empty() && width <= widest_line) {
      additions.behind = remark.text;
    } else {
      additions.above.push_back(remark.text);
    }
  }

  void write(std::size_t k, RecipeText& out) const {
    const std::string_view line = recipe_.line(k);
    const Span origin = recipe_.origin(k);
    const auto found = additions_.find(k);
    if (found == additions_.end()) return out.add(line, origin);
    const std::string indent(std::min(line.find_first_not_of(' '), line.size()), ' ');
    for (const std::string& text : found->second.above) out.add(indent + text, origin);
    const std::string& behind = found->second.behind;
    out.add(behind.empty() ? std::string(line) : std::string(line) + "  " + behind, origin);
  }

  const RecipeText& recipe_;
  const SourceMap& sources_;
  FileId file_;
  std::vector<YamlRecord> records_;
  std::map<std::size_t, Additions> additions_;  // by line of the recipe
  std::vector<std::string> below_;              // all of it
};

}  // namespace

RecipeText carry_comments(const RecipeText& recipe, const SourceMap& sources, FileId file) {
  return CommentCarrier(recipe, sources, file).carry();
}

}  // namespace inarch
