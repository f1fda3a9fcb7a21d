#pragma once

#include <string>

namespace inarch {

/// Names files as those do who annotate a repository: relative to its root. That is
/// GITHUB_WORKSPACE where the working directory lies in it, or else the nearest folder above with a
/// `.git`, or else the working directory.
class RepositoryPath {
 public:
  RepositoryPath();
  /// "recipes/a.yaml"; an absolute path for a file elsewhere; "" for what is no file.
  std::string operator()(const std::string& path) const;

 private:
  std::string root_;
};

}  // namespace inarch
