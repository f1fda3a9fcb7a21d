#include "runtime/io/header_faults.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "compiler/support/sizes.h"
#include "compiler/support/text.h"

namespace inarch {

std::string tensor_phrase(std::string_view name) {
  return fmt::format("tensor '{}'", escape_for_terminal(name));
}

void HeaderFaults::add(std::string code, std::string message, std::string help) {
  for (Kind& kind : kinds_) {
    if (kind.first.code == code) {
      ++kind.others;
      return;
    }
  }
  kinds_.push_back({error(std::move(code), std::move(message)).hint(std::move(help)), 0});
}

bool HeaderFaults::has(std::string_view code) const {
  return std::any_of(kinds_.begin(), kinds_.end(),
                     [&](const Kind& kind) { return kind.first.code == code; });
}

void HeaderFaults::report(const std::string& path, Diagnostics& diagnostics) {
  for (Kind& kind : kinds_) {
    kind.first.subject = path;
    if (kind.others > 0) {
      kind.first.notes.push_back(
          fmt::format("{} more of this kind in the file", format_count(kind.others)));
    }
    diagnostics.add(std::move(kind.first));
  }
  kinds_.clear();
}

}  // namespace inarch
