#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace inarch {

/// "5GB" = 5·10^9, "2GiB" = 2·2^30, "512" = bytes; a fraction is allowed before a unit ("1.5GB").
/// Nothing on anything else, a negative size, or one that does not fit 63 bits.
std::optional<std::int64_t> parse_size(std::string_view text);

/// "1.92 GB", "512 B": decimal units, three significant digits.
std::string format_bytes(std::int64_t bytes);
/// "2.00 GiB": binary units, for memory.
std::string format_memory(std::int64_t bytes);
/// "960,477,824"
std::string format_count(std::int64_t count);

}  // namespace inarch
