#include "runtime/cli/console.h"

#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "compiler/support/render_human.h"
#include "compiler/support/render_json.h"
#include "runtime/cli/exit_code.h"

namespace inarch {

namespace {

bool wants_color(ColorMode mode, int descriptor) {
  if (mode != ColorMode::automatic) return mode == ColorMode::always;
  const char* no_color = std::getenv("NO_COLOR");
  if (no_color && *no_color != '\0') return false;
  const char* terminal = std::getenv("TERM");
  return isatty(descriptor) == 1 && terminal && std::string_view(terminal) != "dumb";
}

int terminal_width() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40) return size.ws_col;
  return 100;
}

}  // namespace

Console::Console(Format format, ColorMode color, bool quiet)
    : format_(format),
      quiet_(quiet || format == Format::quiet),
      color_out_(wants_color(color, STDOUT_FILENO)),
      color_err_(wants_color(color, STDERR_FILENO)),
      live_(isatty(STDERR_FILENO) == 1),
      width_(terminal_width()) {
  if (format == Format::sarif || format == Format::github)
    annotations_ = std::make_unique<AnnotationReport>();
}

void Console::say(std::string_view text) {
  if (quiet_ || json()) return;
  write(text);
}

void Console::write(std::string_view text) {
  if (format_ == Format::sarif) return;
  if (format_ == Format::github) annotations_->said(text);
  print(text);
}

void Console::print(std::string_view text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (!written || std::fflush(stdout) != 0) healthy_ = false;
}

void Console::note(std::string_view text) {
  if (quiet_) return;
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

void Console::set_input(const std::string& path) {
  if (annotations_) annotations_->set_input(path);
}

void Console::report(const Diagnostics& diagnostics, const SourceMap& sources) {
  if (diagnostics.list().empty()) return;
  if (json()) return print(render_json(diagnostics, sources));
  if (annotations_) {
    for (const Diagnostic& diagnostic : diagnostics.list()) {
      const std::string command = annotations_->add(diagnostic, sources);
      if (format_ == Format::github) print(command);
    }
    return;
  }
  HumanStyle style;
  style.color = color_err_;
  style.width = static_cast<std::size_t>(width_);
  const std::string text = render_human(diagnostics, sources, style);
  std::fwrite(text.data(), 1, text.size(), stderr);
}

void Console::report(const Diagnostic& diagnostic) {
  Diagnostics one;
  one.add(diagnostic);
  report(one, SourceMap());
}

void Console::finish(std::string_view command, int code) {
  if (format_ == Format::sarif) print(annotations_->sarif(code));
  if (format_ != Format::github) return;
  const Status written = annotations_->write_summary(command);
  if (!written) report(written.error());
}

std::string Console::paint(std::string_view text, const char* style) const {
  if (!color_out_) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", style, text);
}

std::string Console::bold(std::string_view text) const { return paint(text, "1"); }
std::string Console::dim(std::string_view text) const { return paint(text, "2"); }
std::string Console::good(std::string_view text) const { return paint(text, "32"); }
std::string Console::bad(std::string_view text) const { return paint(text, "31"); }

int exit_code_for(const Diagnostics& diagnostics) {
  int code = exit_done;
  for (const Diagnostic& d : diagnostics.list()) {
    if (d.severity != Severity::error) continue;
    const char family = d.code.size() > 1 ? d.code[1] : '9';
    // E73x and E74x are about what inspect, diff and synth were given to look at.
    const bool about_input = d.code.starts_with("E73") || d.code.starts_with("E74");
    if ((family == '7' && !about_input) || family == '9') return exit_failed;
    code = exit_rejected;
  }
  return code;
}

}  // namespace inarch
