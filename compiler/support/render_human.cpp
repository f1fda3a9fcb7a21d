#include "compiler/support/render_human.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "compiler/support/render_line.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

enum class Ink { severity, gutter, plain_bold };

/// What to write beside one place, in bytes of its line.
struct Mark {
  int line = 0;
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string text;
  bool primary = false;
};

/// The marks in one file, in order of lines.
struct Excerpt {
  FileId file = 0;
  Location place;  // of the primary mark, or else of the first
  std::vector<Mark> marks;
};

constexpr std::size_t message_limit = 4000;

std::string safe(std::string_view text) { return escape_for_terminal(text, message_limit); }

std::string_view severity_name(Severity severity) {
  return severity == Severity::error ? "error" : "warning";
}

Mark make_mark(const SourceMap& sources, const Label& label, bool primary) {
  const Location at = sources.locate(label.span.file, label.span.begin);
  const std::string_view text = sources.text(label.span.file);
  const std::string_view line = sources.line(label.span.file, at.line);
  const auto line_begin = static_cast<std::size_t>(line.data() - text.data());
  Mark mark{at.line, label.span.begin - std::min<std::size_t>(line_begin, label.span.begin), 0,
            safe(label.text), primary};
  mark.begin = std::min(mark.begin, line.size());
  mark.end = std::clamp<std::size_t>(
      label.span.end - std::min<std::size_t>(line_begin, label.span.end), mark.begin, line.size());
  return mark;
}

std::vector<Excerpt> excerpts(const Diagnostic& diagnostic, const SourceMap& sources) {
  std::vector<Excerpt> found;
  const auto add = [&](const Label& label, bool primary) {
    if (!label.span.known()) return;
    auto excerpt = std::find_if(found.begin(), found.end(),
                                [&](const Excerpt& e) { return e.file == label.span.file; });
    if (excerpt == found.end()) {
      const Location place = sources.locate(label.span.file, label.span.begin);
      excerpt = found.insert(found.end(), {label.span.file, place, {}});
    }
    excerpt->marks.push_back(make_mark(sources, label, primary));
  };
  add(diagnostic.primary, true);
  for (const Label& label : diagnostic.secondary) add(label, false);
  for (Excerpt& excerpt : found) {
    std::stable_sort(excerpt.marks.begin(), excerpt.marks.end(), [](const Mark& a, const Mark& b) {
      return std::pair(a.line, a.begin) < std::pair(b.line, b.begin);
    });
  }
  return found;
}

class HumanRenderer {
 public:
  HumanRenderer(const Diagnostic& diagnostic, const SourceMap& sources, const HumanStyle& style)
      : diagnostic_(diagnostic), sources_(sources), style_(style) {}

  std::string render();

 private:
  /// A mark with its place in the rendered line.
  struct Drawn {
    std::size_t begin = 0;
    std::size_t end = 0;
    const Mark* mark = nullptr;
  };

  std::string paint(Ink ink, std::string_view text) const;
  void row(std::string_view number, std::string_view content);
  void draw(const Excerpt& excerpt);
  void draw_line(const Excerpt& excerpt, std::size_t first, std::size_t last);
  void draw_marks(const std::vector<Drawn>& drawn);
  void draw_hanging(std::vector<Drawn> hanging);
  std::string underline(const std::vector<Drawn>& drawn) const;
  std::string label(const Drawn& drawn) const {
    return paint(drawn.mark->primary ? Ink::severity : Ink::gutter, drawn.mark->text);
  }
  void draw_remark(std::string_view kind, std::string_view text);

  const Diagnostic& diagnostic_;
  const SourceMap& sources_;
  const HumanStyle& style_;
  std::size_t gutter_ = 1;
  std::string out_;
};

std::string HumanRenderer::paint(Ink ink, std::string_view text) const {
  if (!style_.color || text.empty()) return std::string(text);
  const bool is_error = diagnostic_.severity == Severity::error;
  const std::string_view code = ink == Ink::severity ? (is_error ? "1;31" : "1;33")
                                : ink == Ink::gutter ? "1;34"
                                                     : "1";
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

void HumanRenderer::row(std::string_view number, std::string_view content) {
  out_ += paint(Ink::gutter, fmt::format("{:>{}} |", number, gutter_));
  if (!content.empty()) fmt::format_to(std::back_inserter(out_), " {}", content);
  out_ += '\n';
}

/// Carets and dashes; a primary mark lies above the others.
std::string HumanRenderer::underline(const std::vector<Drawn>& drawn) const {
  std::size_t width = 0;
  for (const Drawn& d : drawn) width = std::max(width, d.end);
  std::string signs(width, ' ');
  for (const bool primary : {false, true}) {
    for (const Drawn& d : drawn) {
      if (d.mark->primary != primary) continue;
      std::fill(signs.begin() + static_cast<std::ptrdiff_t>(d.begin),
                signs.begin() + static_cast<std::ptrdiff_t>(d.end), primary ? '^' : '-');
    }
  }
  std::string out;
  for (std::size_t at = 0; at < signs.size();) {
    const std::size_t end = std::min(signs.find_first_not_of(signs[at], at), signs.size());
    const std::string_view run = std::string_view(signs).substr(at, end - at);
    out +=
        run[0] == ' ' ? std::string(run) : paint(run[0] == '^' ? Ink::severity : Ink::gutter, run);
    at = end;
  }
  return out;
}

/// The last mark's text stands beside it; the others' texts hang below on lines of their own.
void HumanRenderer::draw_marks(const std::vector<Drawn>& drawn) {
  const Drawn& last = drawn.back();
  const bool beside = std::all_of(drawn.begin(), drawn.end() - 1,
                                  [&](const Drawn& d) { return d.end <= last.begin; });
  std::string line = underline(drawn);
  if (beside && !last.mark->text.empty()) line += " " + label(last);
  row("", line);
  std::vector<Drawn> hanging;
  for (const Drawn& d : drawn) {
    const bool done = d.mark->text.empty() || (beside && &d == &last);
    if (!done) hanging.push_back(d);
  }
  if (!hanging.empty()) draw_hanging(std::move(hanging));
}

void HumanRenderer::draw_hanging(std::vector<Drawn> hanging) {
  const auto stems = [&](std::size_t before) {
    std::string line;
    std::size_t at = 0;
    for (const Drawn& d : hanging) {
      if (d.begin >= before || d.begin < at) continue;
      line.append(d.begin - at, ' ');
      line += paint(d.mark->primary ? Ink::severity : Ink::gutter, "|");
      at = d.begin + 1;
    }
    if (before != std::string::npos) line.append(before - at, ' ');
    return line;
  };
  row("", stems(std::string::npos));
  while (!hanging.empty()) {
    const Drawn d = hanging.back();
    hanging.pop_back();
    row("", stems(d.begin) + label(d));
  }
}

void HumanRenderer::draw_line(const Excerpt& excerpt, std::size_t first, std::size_t last) {
  const Mark* focus = &excerpt.marks[first];
  for (std::size_t i = first; i < last; ++i) {
    if (excerpt.marks[i].primary) focus = &excerpt.marks[i];
  }
  const std::size_t room = style_.width > gutter_ + 3 ? style_.width - gutter_ - 3 : 0;
  const RenderedLine line(sources_.line(excerpt.file, focus->line), focus->begin, focus->end, room);
  row(std::to_string(focus->line), line.text());
  std::vector<Drawn> drawn;
  for (std::size_t i = first; i < last; ++i) {
    const Mark& mark = excerpt.marks[i];
    const std::size_t begin = line.column(mark.begin);
    drawn.push_back({begin, std::max(line.column(mark.end), begin + 1), &mark});
  }
  draw_marks(drawn);
}

void HumanRenderer::draw(const Excerpt& excerpt) {
  row("", "");
  int previous = 0;
  for (std::size_t first = 0; first < excerpt.marks.size();) {
    const int number = excerpt.marks[first].line;
    std::size_t last = first;
    while (last < excerpt.marks.size() && excerpt.marks[last].line == number) ++last;
    if (previous != 0 && number == previous + 2) {
      const std::string_view between = sources_.line(excerpt.file, previous + 1);
      const std::size_t room = style_.width > gutter_ + 3 ? style_.width - gutter_ - 3 : 0;
      row(std::to_string(previous + 1), RenderedLine(between, 0, 0, room).text());
    } else if (previous != 0 && number > previous + 1) {
      out_ += paint(Ink::gutter, "...") + "\n";
    }
    draw_line(excerpt, first, last);
    previous = number;
    first = last;
  }
}

/// "= help: …", further lines of the text aligned with the first.
void HumanRenderer::draw_remark(std::string_view kind, std::string_view text) {
  const std::string margin(gutter_ + 1, ' ');
  std::string head = margin + paint(Ink::gutter, "=") + " " +
                     paint(Ink::plain_bold, fmt::format("{}:", kind)) + " ";
  const std::string indent(margin.size() + 4 + kind.size(), ' ');
  while (true) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out_ += head + safe(text.substr(0, end)) + "\n";
    if (end == text.size()) return;
    text.remove_prefix(end + 1);
    head = indent;
  }
}

std::string HumanRenderer::render() {
  const std::vector<Excerpt> found = excerpts(diagnostic_, sources_);
  for (const Excerpt& excerpt : found) {
    gutter_ = std::max(gutter_, std::to_string(excerpt.marks.back().line).size());
  }
  out_ += paint(Ink::severity,
                fmt::format("{}[{}]", severity_name(diagnostic_.severity), diagnostic_.code));
  out_ += paint(Ink::plain_bold, ": " + safe(diagnostic_.message)) + "\n";
  const std::string margin(gutter_, ' ');
  const bool subject_first = !diagnostic_.primary.span.known() && !diagnostic_.subject.empty();
  if (subject_first) {
    out_ += margin + paint(Ink::gutter, "-->") + " " + safe(diagnostic_.subject) + "\n";
  }
  bool arrow_used = subject_first;
  for (const Excerpt& excerpt : found) {
    const std::string_view arrow = arrow_used ? ":::" : "-->";
    arrow_used = true;
    out_ += margin + paint(Ink::gutter, arrow);
    out_ += fmt::format(" {}:{}:{}\n", safe(sources_.path(excerpt.file)), excerpt.place.line,
                        excerpt.place.column);
    draw(excerpt);
  }
  const bool subject_last = !subject_first && !diagnostic_.subject.empty();
  const bool remarks = !diagnostic_.notes.empty() || !diagnostic_.help.empty() || subject_last;
  if (remarks && arrow_used) row("", "");
  if (subject_last) draw_remark("in", diagnostic_.subject);
  for (const std::string& note : diagnostic_.notes) draw_remark("note", note);
  if (!diagnostic_.help.empty()) draw_remark("help", diagnostic_.help);
  return std::move(out_);
}

std::string counted(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

}  // namespace

std::string render_human(const Diagnostic& diagnostic, const SourceMap& sources,
                         const HumanStyle& style) {
  return HumanRenderer(diagnostic, sources, style).render();
}

std::string render_human(const Diagnostics& diagnostics, const SourceMap& sources,
                         const HumanStyle& style) {
  std::string out;
  for (const Diagnostic& d : diagnostics.list()) out += render_human(d, sources, style) + "\n";
  const std::string last = summary(diagnostics);
  if (!last.empty()) out += last + "\n";
  return out;
}

std::string summary(const Diagnostics& diagnostics) {
  const auto& list = diagnostics.list();
  if (list.empty()) return {};
  const std::size_t warnings = list.size() - diagnostics.errors();
  std::string out;
  if (diagnostics.errors() != 0) out = counted(diagnostics.errors(), "error");
  if (warnings != 0) out += (out.empty() ? "" : ", ") + counted(warnings, "warning");
  const auto first_error = std::find_if(
      list.begin(), list.end(), [](const Diagnostic& d) { return d.severity == Severity::error; });
  const Diagnostic& worst = first_error != list.end() ? *first_error : list.front();
  return out + fmt::format("; inarch explain {} tells more", worst.code);
}

}  // namespace inarch
