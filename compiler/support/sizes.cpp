#include "compiler/support/sizes.h"

#include <array>
#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace inarch {

namespace {

std::optional<double> unit_factor(std::string_view unit) {
  static const std::array<std::pair<std::string_view, double>, 15> units = {{
      {"", 1},
      {"B", 1},
      {"kB", 1e3},
      {"KB", 1e3},
      {"MB", 1e6},
      {"GB", 1e9},
      {"TB", 1e12},
      {"KiB", 1024.0},
      {"MiB", 1048576.0},
      {"GiB", 1073741824.0},
      {"TiB", 1099511627776.0},
      {"K", 1024.0},
      {"M", 1048576.0},
      {"G", 1073741824.0},
      {"T", 1099511627776.0},
  }};
  for (const auto& [name, factor] : units) {
    if (name == unit) return factor;
  }
  return std::nullopt;
}

std::string scaled(std::int64_t bytes, double base, const std::array<const char*, 5>& units) {
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  // What would be shown as a full next unit is shown in that unit.
  while (unit + 1 < units.size() && value >= (unit == 0 ? base : base - 0.5)) {
    value /= base;
    ++unit;
  }
  if (unit == 0) return fmt::format("{} {}", bytes, units[0]);
  const int digits = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return fmt::format("{:.{}f} {}", value, digits, units[unit]);
}

}  // namespace

std::optional<std::int64_t> parse_size(std::string_view text) {
  std::size_t at = 0;
  double number = 0;
  bool digits = false;
  while (at < text.size() && text[at] >= '0' && text[at] <= '9') {
    number = number * 10 + (text[at++] - '0');
    digits = true;
  }
  bool fraction = false;
  if (at < text.size() && text[at] == '.') {
    double place = 0.1;
    ++at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') {
      number += place * (text[at++] - '0');
      place /= 10;
      fraction = true;
    }
    if (!fraction) return std::nullopt;
  }
  if (!digits) return std::nullopt;
  while (at < text.size() && text[at] == ' ') ++at;
  const std::string_view unit = text.substr(at);
  if (fraction && (unit.empty() || unit == "B")) return std::nullopt;
  const auto factor = unit_factor(unit);
  if (!factor) return std::nullopt;
  const double bytes = std::round(number * *factor);
  if (bytes > 9.2e18) return std::nullopt;
  return static_cast<std::int64_t>(bytes);
}

std::string format_bytes(std::int64_t bytes) {
  return scaled(bytes, 1000.0, {"B", "kB", "MB", "GB", "TB"});
}

std::string format_memory(std::int64_t bytes) {
  return scaled(bytes, 1024.0, {"B", "KiB", "MiB", "GiB", "TiB"});
}

std::string format_count(std::int64_t count) {
  std::string digits = std::to_string(count < 0 ? -count : count);
  for (auto at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), ",");
  }
  return count < 0 ? "-" + digits : digits;
}

}  // namespace inarch
