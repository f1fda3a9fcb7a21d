#include "runtime/io/output_dir.h"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>  // renameat2
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/support/text.h"
#include "runtime/io/directory.h"

namespace inarch {

namespace {

/// `target` with a last component that can be renamed and looked at: no trailing slash (lstat would
/// follow a link), no "." or "..".
std::string settled(const std::string& target) {
  const std::string name = base_name(target);
  if (name.empty() || name == "." || name == "..") return real_path(target);
  return target.substr(0, target.find_last_not_of('/') + 1);
}

/// A hidden neighbour of `target`: on the same file system, so that a rename can put it in place.
std::string neighbour(const std::string& target, std::string_view suffix) {
  const std::string path = settled(target);
  return join_path(parent_path(path), fmt::format(".{}.inarch-{}", base_name(path), suffix));
}

bool is_absent_or_empty(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return errno == ENOENT;
  if (!S_ISDIR(status.st_mode)) return false;
  const auto entries = list_directory(path);
  return entries.ok() && entries->empty();
}

Status rename_path(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) == 0) return {};
  const int reason = errno;
  if (reason == EEXIST || reason == ENOTEMPTY || reason == ENOTDIR) {
    return error("E705", "something has appeared where the output is to go").in(to);
  }
  return write_failure(to, reason, "cannot put the output in place");
}

/// A run that was killed between two renames has left the previous output under its other name.
Status recover(const std::string& target) {
  const std::string old = neighbour(target, "old");
  if (!exists(old)) return {};
  if (!is_absent_or_empty(target)) return remove_tree(old);
  if (Status status = rename_path(old, target); !status) return status;
  return sync_directory(parent_path(target));
}

/// True when `path` still names the open file: a lock on a file that was unlinked holds nothing.
bool still_named(const File& file, const std::string& path) {
  struct stat open {};
  struct stat named {};
  return ::fstat(file.descriptor(), &open) == 0 && ::lstat(path.c_str(), &named) == 0 &&
         open.st_dev == named.st_dev && open.st_ino == named.st_ino;
}

/// Puts `work` in the place of the tree at `target`, which ends up at `old`.
Status exchange(const std::string& work, const std::string& target, const std::string& old) {
  if (Status status = remove_tree(old); !status) return status;
  if (::renameat2(AT_FDCWD, work.c_str(), AT_FDCWD, target.c_str(), RENAME_EXCHANGE) == 0) {
    return rename_path(work, old);
  }
  // The file system has no exchange. Between the two renames there is no output; recover() mends it
  // when the process dies there.
  if (Status status = rename_path(target, old); !status) return status;
  Status status = rename_path(work, target);
  if (!status) (void)::rename(old.c_str(), target.c_str());
  return status;
}

Status remove_scratch(const std::string& work, const std::vector<std::string>& scratch) {
  for (const std::string& name : scratch) {
    if (Status status = remove_tree(join_path(work, name)); !status) return status;
  }
  return scratch.empty() ? Status() : sync_directory(work);
}

}  // namespace

std::string work_dir_for(const std::string& target) { return neighbour(target, "partial"); }

OutputLock& OutputLock::operator=(OutputLock&& other) noexcept {
  if (this != &other) {
    release();
    file_ = std::move(other.file_);
  }
  return *this;
}

OutputLock::~OutputLock() { release(); }

void OutputLock::release() {
  // Unlinked while it is still locked: whoever waits for this file will see that it has no name.
  if (file_.is_open()) ::unlink(file_.path().c_str());
  file_ = File();
}

Result<OutputLock> lock_output(const std::string& given) {
  const std::string target = settled(given);
  const std::string path = neighbour(target, "lock");
  if (Status status = make_directories(parent_path(path)); !status) return status.error();
  while (true) {
    File file(uninterrupted([&] {
                return ::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
              }),
              path);
    if (!file.is_open()) return write_failure(path, errno, "cannot create");
    const int result = uninterrupted([&] { return ::flock(file.descriptor(), LOCK_EX | LOCK_NB); });
    if (result != 0 && errno == EWOULDBLOCK) {
      return error("E704", "another run is working on this output")
          .in(target)
          .hint("wait for it to end, or choose another output directory");
    }
    // Other failures mean that the file system has no locks: then the name is all there is.
    if (!still_named(file, path)) continue;
    OutputLock lock(std::move(file));
    if (Status status = recover(target); !status) return status.error();
    return lock;
  }
}

Status clear_replaced(const std::string& target, const std::string& journal) {
  const std::string work = work_dir_for(target);
  if (!exists(work) && !exists(neighbour(target, "old"))) return {};
  const auto lock = lock_output(target);  // which removes the old one
  if (!lock) return lock.error().code == "E704" ? Status() : Status(lock.error());
  const bool is_old = exists(work) && !exists(join_path(work, journal));
  return is_old ? remove_tree(work) : Status();
}

Status check_target(const std::string& given, bool replace) {
  const std::string target = settled(given);
  struct stat status {};
  if (::lstat(target.c_str(), &status) != 0) {
    if (errno == ENOENT) return {};
    return write_failure(target, errno, "cannot look at the output directory");
  }
  if (S_ISLNK(status.st_mode)) {
    return error("E705", "the output is a symbolic link, expected a directory or nothing")
        .in(target)
        .hint(fmt::format("-o {}", escape_for_terminal(real_path(target))));
  }
  if (!S_ISDIR(status.st_mode)) {
    return error("E705", "the output exists and is no directory").in(target);
  }
  if (replace || is_absent_or_empty(target)) return {};
  return error("E705", "the output directory exists and is not empty")
      .in(target)
      .hint("--force replaces it once the new one is complete");
}

Result<std::string> open_work_dir(const std::string& target) {
  const std::string work = work_dir_for(target);
  if (Status status = make_directories(parent_path(work)); !status) return status.error();
  if (::mkdir(work.c_str(), 0777) != 0 && errno != EEXIST) {
    return write_failure(work, errno, "cannot make the directory");
  }
  struct stat status {};
  if (::lstat(work.c_str(), &status) != 0) return write_failure(work, errno);
  if (!S_ISDIR(status.st_mode)) return write_failure(work, ENOTDIR, "cannot work in it");
  return work;
}

Result<File> create_sized(const std::string& path, std::int64_t size) {
  auto file = create_file(path);
  if (!file) return file;
  if (Status status = preallocate(*file, size); !status) return std::move(status.error());
  return file;
}

Status publish(const std::string& work, const std::string& given, bool replace,
               const std::vector<std::string>& scratch) {
  const std::string target = settled(given);
  if (Status status = check_target(target, replace); !status) return status;
  if (Status status = sync_tree(work); !status) return status;
  if (Status status = remove_scratch(work, scratch); !status) return status;
  const std::string old = neighbour(target, "old");
  const bool replaces = !is_absent_or_empty(target);
  Status placed = replaces ? exchange(work, target, old) : rename_path(work, target);
  if (!placed) return placed;
  if (Status status = sync_directory(parent_path(target)); !status) return status;
  if (!replaces) return {};
  Status removed = remove_tree(old);
  if (!removed) removed.error().notes.push_back("the new output is complete and in place");
  return removed;
}

Status check_not_source(const std::string& target, const std::string& source) {
  const bool inside = same_or_inside(target, source);
  if (!inside && !same_or_inside(source, target)) return {};
  return error("E706", fmt::format("the output would overwrite or mix with the source {}: it {}",
                                   escape_for_terminal(source, 1000),
                                   inside ? "is the same place or inside it" : "contains it"))
      .in(target)
      .hint("choose an output directory beside the sources");
}

}  // namespace inarch
