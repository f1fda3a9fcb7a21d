#include "runtime/executor/up_to_date.h"

#include <algorithm>
#include <array>
#include <span>

#include "runtime/executor/manifest.h"
#include "runtime/io/directory.h"
#include "runtime/io/file.h"

namespace inarch {

namespace {

/// Manifests of large models are large; one look at the beginning tells most of them apart.
bool begins_with_digest(const std::string& path, const std::string& plan_digest) {
  std::array<char, 8192> start{};
  const auto file = open_read(path);
  if (!file) return false;
  const auto state = file_state(*file);
  if (!state) return false;
  const auto n = std::min<std::int64_t>(start.size(), state->size);
  const std::span<char> into(start.data(), static_cast<std::size_t>(n));
  if (!read_exact_at(*file, std::as_writable_bytes(into), 0)) return false;
  return std::string_view(start.data(), into.size()).find(plan_digest) != std::string_view::npos;
}

bool has_size(const std::string& directory, const std::string& name, std::int64_t size) {
  const auto file = open_read(join_path(directory, name));
  if (!file) return false;
  const auto state = file_state(*file);
  return state.ok() && state->size == size;
}

}  // namespace

std::optional<std::string> up_to_date_digest(
    const std::string& target, const Plan& plan, const std::string& plan_digest,
    const std::vector<std::vector<FileIdentity>>& sources) {
  const std::string path = join_path(target, manifest_name);
  if (!is_regular_file(path) || !begins_with_digest(path, plan_digest)) return std::nullopt;
  const auto manifest = load_manifest(target);
  if (!manifest || manifest->plan_digest != plan_digest) return std::nullopt;
  if (manifest->sources.size() != sources.size()) return std::nullopt;
  for (std::size_t s = 0; s < sources.size(); ++s) {
    if (manifest->sources[s].files != sources[s]) return std::nullopt;
  }
  for (const OutputShard& shard : plan.shards) {
    if (!has_size(target, shard.name, shard.size)) return std::nullopt;
  }
  for (const Manifest::SideFile& file : manifest->files) {
    if (!has_size(target, file.name, file.size)) return std::nullopt;
  }
  return manifest->output_digest;
}

}  // namespace inarch
