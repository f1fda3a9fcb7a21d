#include "runtime/cli/labelled_text.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/support/render_line.h"
#include "compiler/support/sizes.h"

namespace inarch {

namespace {

constexpr std::size_t label_width = 14;

}  // namespace

std::string plural(std::int64_t count, std::string_view one) {
  return fmt::format("{} {}{}", format_count(count), one, count == 1 ? "" : "s");
}

std::string labelled(std::string_view label, std::string_view text, std::size_t width) {
  const std::size_t room = width > label_width + 30 ? width - label_width - 2 : 30;
  std::string out = fmt::format("  {:<{}}", label, label_width);
  std::size_t taken = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    const std::string_view word = text.substr(begin, end - begin);
    const std::size_t columns = display_width(word);
    if (taken > 0 && taken + 1 + columns > room) {
      out += "\n" + std::string(label_width + 2, ' ');
      taken = 0;
    }
    if (taken > 0) out += ' ';
    out += word;
    taken += columns + (taken > 0 ? 1 : 0);
    begin = end + 1;
  }
  return out + "\n";
}

}  // namespace inarch
