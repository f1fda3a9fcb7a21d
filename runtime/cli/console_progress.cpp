#include "runtime/cli/console_progress.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/core/json.h"
#include "compiler/support/sizes.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

std::string format_seconds(double seconds) {
  const auto whole = static_cast<std::int64_t>(seconds + 0.5);
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{}:{:02} min", whole / 60, whole % 60);
  return fmt::format("{}:{:02} h", whole / 3600, whole / 60 % 60);
}

}  // namespace

void ConsoleProgress::started(std::string_view phase, std::int64_t total_bytes) {
  phase_ = phase;
  total_ = total_bytes;
  done_ = 0;
  start_ = drawn_ = Clock::now();
  if (console_.json()) event("phase_started", "");
}

void ConsoleProgress::advanced(std::int64_t bytes, std::string_view tensor) {
  done_ += bytes;
  const auto now = Clock::now();
  const auto interval = console_.json()   ? std::chrono::milliseconds(1000)
                        : console_.live() ? std::chrono::milliseconds(100)
                                          : std::chrono::milliseconds(10000);
  if (now - drawn_ < interval) return;
  drawn_ = now;
  if (console_.json()) return event("progress", tensor);
  if (console_.live()) {
    console_.note("\r\x1b[K" + line(tensor));
    line_open_ = true;
  } else {
    console_.note(line(tensor) + "\n");
  }
}

void ConsoleProgress::finished() {
  if (line_open_) console_.note("\r\x1b[K");
  line_open_ = false;
  if (console_.json()) event("phase_finished", "");
}

std::string ConsoleProgress::line(std::string_view tensor) const {
  const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  const double rate = seconds > 0 ? static_cast<double>(done_) / seconds : 0;
  std::string text = fmt::format("{} {} of {}", phase_, format_bytes(done_), format_bytes(total_));
  if (total_ > 0) text += fmt::format(" ({}%)", done_ * 100 / std::max<std::int64_t>(total_, 1));
  text += fmt::format(", {}/s", format_bytes(static_cast<std::int64_t>(rate)));
  if (rate > 0 && total_ > done_)
    text += fmt::format(", {} left", format_seconds(static_cast<double>(total_ - done_) / rate));
  const auto room = static_cast<std::size_t>(
      std::max(0, console_.width() - 1 - static_cast<int>(text.size()) - 2));
  if (room > 12 && !tensor.empty()) text += "  " + escape_for_terminal(tensor, room - 2);
  return text;
}

void ConsoleProgress::event(std::string_view type, std::string_view tensor) {
  Value::Map map{{"schema", "inarch/progress/1"},
                 {"event", std::string(type)},
                 {"phase", phase_},
                 {"bytes_done", done_},
                 {"bytes_total", total_}};
  if (!tensor.empty() && is_utf8(tensor)) map.emplace_back("tensor", std::string(tensor));
  console_.write(write_json(Value(std::move(map)), JsonStyle::compact) + "\n");
}

}  // namespace inarch
