#include <cerrno>
#include <cstdlib>
#include <memory>

#include <sys/stat.h>

#include "runtime/io/directory.h"

namespace inarch {

namespace {

struct Free {
  void operator()(char* text) const { std::free(text); }
};

std::string_view without_trailing_slashes(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  return path;
}

bool same_inode(const std::string& a, const std::string& b) {
  struct stat left {};
  struct stat right {};
  return ::stat(a.c_str(), &left) == 0 && ::stat(b.c_str(), &right) == 0 &&
         left.st_dev == right.st_dev && left.st_ino == right.st_ino;
}

}  // namespace

std::string join_path(std::string_view directory, std::string_view name) {
  std::string path(directory);
  if (!path.empty() && path.back() != '/') path += '/';
  path += name;
  return path;
}

std::string base_name(std::string_view path) {
  path = without_trailing_slashes(path);
  const std::size_t slash = path.rfind('/');
  return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

std::string parent_path(std::string_view path) {
  path = without_trailing_slashes(path);
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return std::string(without_trailing_slashes(path.substr(0, slash == 0 ? 1 : slash)));
}

std::string real_path(const std::string& path) {
  const std::unique_ptr<char, Free> resolved(
      ::realpath(path.empty() ? "." : path.c_str(), nullptr));
  if (resolved) return resolved.get();
  // realpath fails as a whole when the tail is missing; ".." after a missing part has no meaning.
  const std::string parent = parent_path(path);
  const std::string name = base_name(path);
  if (parent == path || name.empty()) return path;
  return join_path(real_path(parent), name);
}

bool same_or_inside(const std::string& path, const std::string& directory) {
  const std::string outer = real_path(directory);
  // Upwards one component at a time, by inode: a bind mount has two paths for one directory.
  for (std::string at = real_path(path);; at = parent_path(at)) {
    if (at == outer || same_inode(at, outer)) return true;
    if (at == "/" || at == ".") return false;
  }
}

}  // namespace inarch
