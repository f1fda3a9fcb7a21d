#include "runtime/io/hub_cache.h"

#include <algorithm>
#include <cstdlib>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "compiler/support/text.h"
#include "runtime/io/directory.h"
#include "runtime/io/file.h"

namespace inarch {

namespace {

constexpr std::int64_t max_ref_bytes = 4096;
constexpr std::size_t max_part_length = 96;

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// One half of org/name: letters, digits, '-', '_' and '.', neither first nor last a mark, no "--"
/// (it separates the halves in the cache) and no "..".
bool is_repository_part(std::string_view part) {
  if (part.empty() || part.size() > max_part_length) return false;
  if (!is_alphanumeric(part.front()) && part.front() != '_') return false;
  if (part.back() == '.' || part.back() == '-') return false;
  if (part.find("..") != std::string_view::npos || part.find("--") != std::string_view::npos) {
    return false;
  }
  return std::all_of(part.begin(), part.end(),
                     [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

/// A branch, tag or commit that may become a path below refs/.
bool is_revision(std::string_view revision) {
  if (revision.empty() || revision.size() > 255 || revision.front() == '/' ||
      revision.back() == '/') {
    return false;
  }
  for (const std::string_view bad : {"..", "//", "/.", "@{"}) {
    if (revision.find(bad) != std::string_view::npos) return false;
  }
  return revision.front() != '.' && revision.front() != '-' &&
         std::all_of(revision.begin(), revision.end(), [](char c) {
           return is_alphanumeric(c) ||
                  std::string_view("-_./+@").find(c) != std::string_view::npos;
         });
}

bool is_commit(std::string_view text) {
  return text.size() == 40 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

std::vector<std::string_view> split_path(std::string_view text) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('/', begin), text.size());
    if (end > begin) parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

std::string_view drop_prefix(std::string_view text, std::string_view prefix) {
  return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}

std::string_view drop_suffix_from(std::string_view text, char mark) {
  return text.substr(0, text.find(mark));
}

/// "https://host/org/name/tree/revision/…" to org/name and revision. A branch with a slash in it is
/// not told from a folder: take the part up to the slash, as the pages' own links mostly mean it.
bool read_web_address(std::string_view text, HubReference& reference) {
  text = drop_suffix_from(drop_suffix_from(text, '?'), '#');
  std::vector<std::string_view> parts = split_path(text.substr(text.find("://") + 3));
  parts.erase(parts.begin(), parts.begin() + (parts.empty() ? 0 : 1));  // the host
  if (!parts.empty() && parts.front() == "models") parts.erase(parts.begin());
  if (parts.size() < 2) return false;
  reference.repository = fmt::format("{}/{}", parts[0], parts[1]);
  const bool names_revision =
      parts.size() >= 4 && (parts[2] == "tree" || parts[2] == "blob" || parts[2] == "resolve" ||
                            parts[2] == "commit" || parts[2] == "raw");
  if (names_revision) reference.revision = parts[3];
  return true;
}

void read_short_form(std::string_view text, HubReference& reference) {
  if (text.starts_with("hf://")) text = drop_prefix(text.substr(5), "models/");
  const std::size_t at = text.find('@');
  if (at != std::string_view::npos) {
    reference.revision = text.substr(at + 1);
    text = text.substr(0, at);
  }
  reference.repository = text;
}

bool is_repository(std::string_view repository) {
  const std::size_t slash = repository.find('/');
  return slash != std::string_view::npos && is_repository_part(repository.substr(0, slash)) &&
         is_repository_part(repository.substr(slash + 1));
}

std::string cache_folder(const std::string& repository) {
  std::string folder = "models--" + repository;
  folder.replace(folder.find('/'), 1, "--");
  return folder;
}

std::string download_command(const HubReference& reference) {
  std::string command = "hf download " + reference.repository;
  if (reference.revision != "main") command += " --revision " + reference.revision;
  return command + ", or point the source elsewhere with --source NAME=PATH";
}

Diagnostic not_cached(std::string code, std::string message, const HubReference& reference) {
  return error(std::move(code), std::move(message))
      .note("inarch does not download models yet")
      .hint(download_command(reference));
}

std::string value_or(const Environment& environment, const std::string& name) {
  return environment(name).value_or(std::string());
}

/// The commit that `revision` names in the cache, "" when the cache does not know it.
Result<std::string> resolve_revision(const std::string& repository_folder,
                                     const std::string& revision) {
  const std::string path = join_path(join_path(repository_folder, "refs"), revision);
  if (!is_regular_file(path)) return is_commit(revision) ? revision : std::string();
  auto text = read_small_file(path, max_ref_bytes);
  if (!text) return text;
  while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
  if (!is_commit(*text)) {
    return error("E435", fmt::format("the reference holds '{}', expected a commit of 40 hex digits",
                                     escape_for_terminal(*text, 60)))
        .in(path);
  }
  return text;
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  };
}

Result<HubReference> parse_hub_reference(std::string_view text, std::string_view revision) {
  HubReference reference;
  const bool web = text.starts_with("https://") || text.starts_with("http://");
  if (web) {
    read_web_address(text, reference);
  } else {
    read_short_form(text, reference);
  }
  if (!revision.empty()) reference.revision = revision;
  if (!is_repository(reference.repository)) {
    return error("E434", fmt::format("'{}' is no model of a hub, expected org/name",
                                     escape_for_terminal(text)));
  }
  if (!is_revision(reference.revision)) {
    return error("E434", fmt::format("'{}' is no revision, expected a branch, tag or commit",
                                     escape_for_terminal(reference.revision)));
  }
  return reference;
}

std::string hub_cache_directory(const Environment& environment) {
  const std::string home = value_or(environment, "HOME");
  const auto expand = [&](const std::string& path) {
    return path == "~" || path.starts_with("~/") ? home + path.substr(1) : path;
  };
  if (const auto cache = value_or(environment, "HF_HUB_CACHE"); !cache.empty()) {
    return expand(cache);
  }
  if (const auto hf_home = value_or(environment, "HF_HOME"); !hf_home.empty()) {
    return join_path(expand(hf_home), "hub");
  }
  if (const auto xdg = value_or(environment, "XDG_CACHE_HOME"); !xdg.empty()) {
    return join_path(expand(xdg), "huggingface/hub");
  }
  return home.empty() ? std::string() : join_path(home, ".cache/huggingface/hub");
}

Result<std::string> find_snapshot(const HubReference& reference, const Environment& environment) {
  const std::string cache = hub_cache_directory(environment);
  if (cache.empty()) {
    return not_cached("E433",
                      fmt::format("cannot look for {}: neither HF_HUB_CACHE nor HOME is set",
                                  reference.repository),
                      reference);
  }
  const std::string folder = join_path(cache, cache_folder(reference.repository));
  if (!is_directory(folder)) {
    return not_cached("E433",
                      fmt::format("the model {} is not in the local cache: there is no {}",
                                  reference.repository, escape_for_terminal(folder, 1000)),
                      reference);
  }
  auto commit = resolve_revision(folder, reference.revision);
  if (!commit) return commit;
  const std::string snapshot =
      commit->empty() ? std::string() : join_path(join_path(folder, "snapshots"), *commit);
  if (snapshot.empty() || !is_directory(snapshot)) {
    return not_cached(
        "E435",
        fmt::format("the model {} is in the local cache, but not its revision {}: "
                    "looked in {}",
                    reference.repository, reference.revision, escape_for_terminal(folder, 1000)),
        reference);
  }
  return snapshot;
}

std::string snapshot_path(const std::string& repository, const std::string& commit,
                          const Environment& environment) {
  const std::string folder = join_path(hub_cache_directory(environment), cache_folder(repository));
  return join_path(join_path(folder, "snapshots"), commit);
}

}  // namespace inarch
