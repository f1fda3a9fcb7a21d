#include "runtime/executor/journal.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <span>
#include <string_view>

#include <fmt/format.h>

namespace inarch {

namespace {

constexpr std::size_t checksum_digits = 16;

std::string checksum(std::string_view payload) {
  return hex(digest_piece(payload.data(), payload.size())).substr(0, checksum_digits);
}

/// What stands behind the checksum, or nothing when the line is not whole.
std::optional<std::string_view> payload_of(std::string_view line) {
  if (line.size() <= checksum_digits || line[checksum_digits] != ' ') return std::nullopt;
  const std::string_view payload = line.substr(checksum_digits + 1);
  if (checksum(payload) != line.substr(0, checksum_digits)) return std::nullopt;
  return payload;
}

std::optional<PieceDigest> parse_digest(std::string_view text) {
  PieceDigest digest{};
  if (text.size() != 2 * digest.size()) return std::nullopt;
  for (std::size_t i = 0; i < digest.size(); ++i) {
    const std::string_view byte = text.substr(2 * i, 2);
    const auto [end, failure] = std::from_chars(byte.begin(), byte.end(), digest[i], 16);
    if (failure != std::errc() || end != byte.end()) return std::nullopt;
  }
  return digest;
}

/// "unit 17 <32 hex digits>"
std::optional<FinishedUnit> parse_unit(std::string_view payload) {
  constexpr std::string_view word = "unit ";
  if (!payload.starts_with(word)) return std::nullopt;
  payload.remove_prefix(word.size());
  FinishedUnit finished;
  const auto [end, failure] = std::from_chars(payload.begin(), payload.end(), finished.unit);
  if (failure != std::errc() || end == payload.end() || *end != ' ') return std::nullopt;
  const auto digest = parse_digest(std::string_view(end + 1, payload.end()));
  if (!digest) return std::nullopt;
  finished.digest = *digest;
  return finished;
}

/// Takes a number and the space behind it off the front of `text`.
template <typename Number>
bool take_number(std::string_view& text, Number& number) {
  const auto [end, failure] = std::from_chars(text.begin(), text.end(), number);
  if (failure != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.begin()));
  if (text.starts_with(' ')) text.remove_prefix(1);
  return true;
}

/// "factors STEP OP COMPONENTS EXACT" and four squares
std::optional<FactorReport> parse_factors(std::string_view payload) {
  constexpr std::string_view word = "factors ";
  if (!payload.starts_with(word)) return std::nullopt;
  payload.remove_prefix(word.size());
  FactorReport report;
  int exact = 0;
  const bool good = take_number(payload, report.step) && take_number(payload, report.op) &&
                    take_number(payload, report.components) && take_number(payload, exact) &&
                    take_number(payload, report.squared_norm) &&
                    take_number(payload, report.squared_error) &&
                    take_number(payload, report.weighted_squared_norm) &&
                    take_number(payload, report.weighted_squared_error) && payload.empty();
  report.exact = exact != 0;
  return good ? std::optional(report) : std::nullopt;
}

/// Calls `take` with every line, reading in portions.
template <typename Take>
void for_each_line(const File& file, std::int64_t size, Take&& take) {
  std::array<char, 64 * 1024> portion;
  std::string line;
  for (std::int64_t at = 0; at < size;) {
    const auto n = std::min<std::int64_t>(portion.size(), size - at);
    const std::span<char> into(portion.data(), static_cast<std::size_t>(n));
    if (!read_exact_at(file, std::as_writable_bytes(into), at)) return;
    at += n;
    for (const char c : into) {
      if (c == '\n') {
        take(std::string_view(line));
        line.clear();
      } else {
        line += c;
      }
    }
  }
}

}  // namespace

JournalContent read_journal(const std::string& path, const std::string& identity) {
  JournalContent content;
  const auto file = open_read(path);
  if (!file) return content;
  const auto state = file_state(*file);
  if (!state) return content;
  content.found = true;
  bool first = true;
  for_each_line(*file, state->size, [&](std::string_view line) {
    const auto payload = payload_of(line);
    if (first) {
      content.matches = payload && *payload == identity;
      first = false;
    } else if (content.matches && payload) {
      if (const auto finished = parse_unit(*payload)) content.finished.push_back(*finished);
      if (const auto factors = parse_factors(*payload)) content.factors.push_back(*factors);
    }
  });
  return content;
}

Status Journal::create(const std::string& path, const std::string& identity) {
  auto file = create_file(path);
  if (!file) return std::move(file.error());
  file_ = std::move(*file);
  end_ = 0;
  return put(fmt::format("{} {}\n", checksum(identity), identity));
}

Status Journal::reopen(const std::string& path) {
  auto file = open_write(path);
  if (!file) return std::move(file.error());
  const auto state = file_state(*file);
  if (!state) return state.error();
  file_ = std::move(*file);
  end_ = state->size;
  return put("\n");  // ends a line that a crash may have torn
}

Status Journal::add(const FinishedUnit& finished) {
  const std::string payload = fmt::format("unit {} {}", finished.unit, hex(finished.digest));
  const std::scoped_lock lock(mutex_);
  return put(fmt::format("{} {}\n", checksum(payload), payload));
}

Status Journal::add(const FactorReport& report) {
  const std::string payload =
      fmt::format("factors {} {} {} {} {} {} {} {}", report.step, report.op, report.components,
                  report.exact ? 1 : 0, report.squared_norm, report.squared_error,
                  report.weighted_squared_norm, report.weighted_squared_error);
  const std::scoped_lock lock(mutex_);
  return put(fmt::format("{} {}\n", checksum(payload), payload));
}

Status Journal::put(const std::string& line) {
  Status status = write_exact_at(file_, std::as_bytes(std::span(line.data(), line.size())), end_);
  if (status.ok()) end_ += static_cast<std::int64_t>(line.size());
  return status;
}

}  // namespace inarch
