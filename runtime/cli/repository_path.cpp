#include "runtime/cli/repository_path.h"

#include <cstdlib>

#include "runtime/io/directory.h"

namespace inarch {

namespace {

/// With a slash at its end, so that what it begins is below it.
std::string as_prefix(std::string directory) {
  if (!directory.ends_with('/')) directory += '/';
  return directory;
}

std::string repository_root() {
  const std::string here = real_path(".");
  const char* named = std::getenv("GITHUB_WORKSPACE");
  if (named && *named != '\0') {
    const std::string workspace = as_prefix(real_path(named));
    if (as_prefix(here).starts_with(workspace)) return workspace;
  }
  for (std::string folder = here;; folder = parent_path(folder)) {
    if (exists(join_path(folder, ".git"))) return as_prefix(folder);
    if (folder == "/" || folder == ".") return as_prefix(here);
  }
}

}  // namespace

RepositoryPath::RepositoryPath() : root_(repository_root()) {}

std::string RepositoryPath::operator()(const std::string& path) const {
  if (!is_regular_file(path)) return {};
  // The folder without its links, and the file by the name that it was given: a link is what is
  // reviewed, wherever it leads.
  const std::string whole = join_path(real_path(parent_path(path)), base_name(path));
  return whole.starts_with(root_) ? whole.substr(root_.size()) : whole;
}

}  // namespace inarch
