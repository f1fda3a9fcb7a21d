#include "runtime/io/directory.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/io/file.h"

namespace inarch {

namespace {

struct CloseDirectory {
  void operator()(DIR* stream) const { ::closedir(stream); }
};
using DirectoryStream = std::unique_ptr<DIR, CloseDirectory>;

EntryKind kind_of(mode_t mode) {
  if (S_ISREG(mode)) return EntryKind::regular;
  if (S_ISDIR(mode)) return EntryKind::directory;
  if (S_ISLNK(mode)) return EntryKind::symlink;
  return EntryKind::other;
}

/// Takes the descriptor over, also when it fails.
Result<std::vector<DirectoryEntry>> list_descriptor(int descriptor, const std::string& path) {
  const DirectoryStream stream(::fdopendir(descriptor));
  if (!stream) {
    const int reason = errno;
    ::close(descriptor);
    return read_failure(path, reason, "cannot list");
  }
  std::vector<DirectoryEntry> entries;
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(stream.get());
    if (entry == nullptr) break;
    std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    struct stat status {};
    const int result = ::fstatat(::dirfd(stream.get()), name.c_str(), &status, AT_SYMLINK_NOFOLLOW);
    if (result != 0) continue;  // removed meanwhile
    entries.push_back({std::move(name), kind_of(status.st_mode)});
  }
  if (errno != 0) return read_failure(path, errno, "cannot list");
  std::sort(entries.begin(), entries.end(),
            [](const DirectoryEntry& a, const DirectoryEntry& b) { return a.name < b.name; });
  return entries;
}

bool means_absent(int error_number) { return error_number == ENOENT || error_number == ENOTDIR; }

/// A descriptor, or -1 and errno. `path` is relative to `above`.
int open_directory(const char* path, int flags = 0, int above = AT_FDCWD) {
  return uninterrupted(
      [&] { return ::openat(above, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags); });
}

Status remove_entries(int directory, const std::string& path) {
  // fdopendir takes its descriptor, and unlinkat needs one too.
  const int listed = open_directory(".", 0, directory);
  if (listed < 0) return write_failure(path, errno, "cannot remove");
  const auto entries = list_descriptor(listed, path);
  if (!entries) return entries.error();
  for (const DirectoryEntry& entry : *entries) {
    const std::string below = join_path(path, entry.name);
    int flags = 0;
    if (entry.kind == EntryKind::directory) {
      // O_NOFOLLOW: what is swapped for a symlink meanwhile fails instead of being followed.
      const File child(open_directory(entry.name.c_str(), O_NOFOLLOW, directory), below);
      if (!child.is_open()) return write_failure(below, errno, "cannot remove");
      if (Status status = remove_entries(child.descriptor(), below); !status) return status;
      flags = AT_REMOVEDIR;
    }
    if (::unlinkat(directory, entry.name.c_str(), flags) != 0 && errno != ENOENT) {
      return write_failure(below, errno, "cannot remove");
    }
  }
  return {};
}

}  // namespace

Result<std::vector<DirectoryEntry>> list_directory(const std::string& path) {
  const int descriptor = open_directory(path.c_str());
  if (descriptor < 0) return read_failure(path, errno, "cannot list");
  return list_descriptor(descriptor, path);
}

bool is_directory(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

bool is_regular_file(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

bool exists(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 || !means_absent(errno);
}

bool resolves(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 || !means_absent(errno);
}

Status make_directories(const std::string& path) {
  if (path.empty() || is_directory(path)) return {};
  const std::string parent = parent_path(path);
  if (parent != path) {
    if (Status status = make_directories(parent); !status) return status;
  }
  if (::mkdir(path.c_str(), 0777) == 0) return sync_directory(parent);
  const int reason = errno;
  if (reason == EEXIST && is_directory(path)) return {};
  return write_failure(path, reason, "cannot make the directory");
}

Status sync_directory(const std::string& path) {
  const File directory(open_directory(path.c_str()), path);
  if (!directory.is_open()) return write_failure(path, errno, "cannot open");
  if (uninterrupted([&] { return ::fsync(directory.descriptor()); }) == 0) return {};
  // Some network file systems cannot sync a directory, and keep its order themselves.
  if (errno == EINVAL || errno == EOPNOTSUPP || errno == EROFS) return {};
  return write_failure(path, errno, "cannot make it durable");
}

Status sync_tree(const std::string& path) {
  const auto entries = list_directory(path);
  if (!entries) return entries.error();
  for (const DirectoryEntry& entry : *entries) {
    const std::string below = join_path(path, entry.name);
    if (entry.kind == EntryKind::directory) {
      if (Status status = sync_tree(below); !status) return status;
    } else if (entry.kind == EntryKind::regular) {
      const auto file = open_read(below);
      if (!file) return file.error();
      if (Status status = sync_file(*file); !status) return status;
    }
  }
  return sync_directory(path);
}

Status remove_tree(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return {};
    return write_failure(path, errno, "cannot remove");
  }
  if (!S_ISDIR(status.st_mode)) {
    if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
    return write_failure(path, errno, "cannot remove");
  }
  const File directory(open_directory(path.c_str(), O_NOFOLLOW), path);
  if (!directory.is_open()) return write_failure(path, errno, "cannot remove");
  if (Status removed = remove_entries(directory.descriptor(), path); !removed) return removed;
  if (::rmdir(path.c_str()) == 0 || errno == ENOENT) return {};
  return write_failure(path, errno, "cannot remove");
}

}  // namespace inarch
