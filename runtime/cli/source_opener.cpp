#include "runtime/cli/source_opener.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "runtime/io/checkpoint.h"
#include "runtime/io/hub_cache.h"
#include "runtime/io/logical_checkpoint.h"

namespace inarch {

namespace {

/// What `--source` takes in place of what is asked for.
std::string option_for(const SourceRequest& request) {
  if (!request.is_adapter) return request.name + "=PATH";
  return request.name.substr(0, request.name.rfind(".adapter")) + "=BASE+ADAPTER";
}

}  // namespace

Result<std::string> find_source(const SourceRequest& request) {
  if (!request.is_hub) return request.location;
  const auto reference = parse_hub_reference(request.location, request.revision);
  if (!reference) return reference.error();
  auto snapshot = find_snapshot(*reference, process_environment());
  if (snapshot.ok()) return snapshot;
  Diagnostic d = std::move(snapshot.error());
  const std::size_t at = d.help.find("NAME=PATH");
  if (at != std::string::npos) d.help.replace(at, 9, option_for(request));
  return d;
}

std::optional<Checkpoint> open_stored(const SourceRequest& request, Diagnostics& diagnostics) {
  const auto location = find_source(request);
  if (!location) {
    diagnostics.add(location.error());
    return std::nullopt;
  }
  return request.is_adapter ? open_adapter(*location, diagnostics)
                            : open_checkpoint(*location, diagnostics);
}

std::shared_ptr<const Checkpoint> open_source(const SourceRequest& request,
                                              Diagnostics& diagnostics) {
  auto checkpoint = open_stored(request, diagnostics);
  if (!checkpoint || !read_encodings(*checkpoint, diagnostics)) return nullptr;
  return std::make_shared<const Checkpoint>(std::move(*checkpoint));
}

bool is_absent(const Diagnostics& diagnostics) {
  constexpr std::array<std::string_view, 4> not_here = {"E422", "E423", "E433", "E435"};
  const auto says_so = [&](const Diagnostic& d) {
    return d.severity == Severity::warning ||
           std::find(not_here.begin(), not_here.end(), d.code) != not_here.end();
  };
  return diagnostics.has_errors() &&
         std::all_of(diagnostics.list().begin(), diagnostics.list().end(), says_so);
}

}  // namespace inarch
