#include "runtime/cli/architecture_argument.h"

#include <utility>

#include "runtime/io/file.h"

namespace inarch {

namespace {

constexpr std::int64_t file_limit = 16 << 20;

}  // namespace

std::optional<Architecture> find_architecture(const std::string& given, SourceMap& sources,
                                              Diagnostics& diagnostics) {
  if (!is_architecture_path(given)) return load_architecture(given, sources, diagnostics);
  auto text = read_small_file(given, file_limit);
  if (!text) {
    diagnostics.add(text.error());
    return std::nullopt;
  }
  const FileId file = sources.add(given, std::move(*text));
  return read_architecture(sources, file, diagnostics);
}

}  // namespace inarch
