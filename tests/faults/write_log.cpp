// Preloaded into a program, writes down what it does to files and folders, and what of that it
// makes durable: a line each at the end of the file WRITE_LOG. Files and folders are known by their
// inodes, so that they keep who they are when they are renamed.
//
//   make INODE FOLDER NAME      a new file
//   makedir INODE FOLDER NAME   a new folder
//   write INODE OFFSET HEX      bytes of a file, which grows as needed
//   size INODE BYTES            a file cut or grown
//   sync INODE                  what the file or folder holds is durable from here on
//   move FOLDER NAME FOLDER NAME
//   swap FOLDER NAME FOLDER NAME
//   remove FOLDER NAME

#include <cstdarg>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

std::mutex order;

using Inode = unsigned long;

void note(const std::string& line) {
  static const long log = [] {
    const char* path = std::getenv("WRITE_LOG");
    const int flags = O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC;
    return path == nullptr ? -1L : ::syscall(SYS_openat, AT_FDCWD, path, flags, 0600);
  }();
  const std::string whole = line + "\n";
  if (::write(static_cast<int>(log), whole.data(), whole.size()) !=
      static_cast<ssize_t>(whole.size()))
    std::abort();
}

Inode inode_of(int file) {
  struct stat state {};
  return ::fstat(file, &state) == 0 ? state.st_ino : 0;
}

/// "FOLDER NAME" of a path.
std::string place_of(const char* path, int folder = AT_FDCWD) {
  std::string above = path;
  while (above.size() > 1 && above.back() == '/') above.pop_back();
  const std::size_t slash = above.rfind('/');
  const std::string name = slash == std::string::npos ? above : above.substr(slash + 1);
  above = slash == std::string::npos ? "." : slash == 0 ? "/" : above.substr(0, slash);
  struct stat state {};
  const Inode inode = ::fstatat(folder, above.c_str(), &state, 0) == 0 ? state.st_ino : 0;
  return std::to_string(inode) + " " + name;
}

std::string hex(const void* bytes, std::size_t count) {
  static const char* const digits = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    const auto byte = static_cast<const unsigned char*>(bytes)[i];
    text += digits[byte >> 4u];
    text += digits[byte & 15u];
  }
  return text;
}

template <typename F>
F* next(const char* name, F*) {
  return reinterpret_cast<F*>(::dlsym(RTLD_NEXT, name));
}

/// Notes what a call has done, unless it failed.
template <typename Result>
Result noted(Result result, const std::string& line) {
  if (result >= 0) note(line);
  return result;
}

}  // namespace

#define NEXT(name) next(#name, &::name)

extern "C" {

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? static_cast<mode_t>(va_arg(arguments, int)) : 0;
  va_end(arguments);
  if ((flags & (O_CREAT | O_TRUNC)) == 0) return NEXT(open)(path, flags, mode);
  const std::scoped_lock lock(order);
  struct stat state {};
  const bool is_new = ::lstat(path, &state) != 0;
  const int file = NEXT(open)(path, flags, mode);
  if (file < 0) return file;
  if (is_new) note("make " + std::to_string(inode_of(file)) + " " + place_of(path));
  if (!is_new && (flags & O_TRUNC) != 0) note("size " + std::to_string(inode_of(file)) + " 0");
  return file;
}

ssize_t pwrite(int file, const void* from, std::size_t count, off_t offset) {
  const std::scoped_lock lock(order);
  const ssize_t done = NEXT(pwrite)(file, from, count, offset);
  if (done > 0)
    note("write " + std::to_string(inode_of(file)) + " " + std::to_string(offset) + " " +
         hex(from, static_cast<std::size_t>(done)));
  return done;
}

int ftruncate(int file, off_t size) noexcept {
  const std::scoped_lock lock(order);
  return noted(NEXT(ftruncate)(file, size),
               "size " + std::to_string(inode_of(file)) + " " + std::to_string(size));
}

int fsync(int file) {
  const std::scoped_lock lock(order);
  return noted(NEXT(fsync)(file), "sync " + std::to_string(inode_of(file)));
}

int mkdir(const char* path, mode_t mode) noexcept {
  const std::scoped_lock lock(order);
  if (NEXT(mkdir)(path, mode) != 0) return -1;
  struct stat state {};
  if (::stat(path, &state) != 0) std::abort();
  note("makedir " + std::to_string(state.st_ino) + " " + place_of(path));
  return 0;
}

int rename(const char* from, const char* to) noexcept {
  const std::scoped_lock lock(order);
  return noted(NEXT(rename)(from, to), "move " + place_of(from) + " " + place_of(to));
}

int renameat2(int from_folder, const char* from, int to_folder, const char* to,
              unsigned flags) noexcept {
  const std::scoped_lock lock(order);
  const std::string way = (flags & RENAME_EXCHANGE) != 0 ? "swap " : "move ";
  return noted(NEXT(renameat2)(from_folder, from, to_folder, to, flags),
               way + place_of(from, from_folder) + " " + place_of(to, to_folder));
}

int unlink(const char* path) noexcept {
  const std::scoped_lock lock(order);
  return noted(NEXT(unlink)(path), "remove " + place_of(path));
}

int rmdir(const char* path) noexcept {
  const std::scoped_lock lock(order);
  return noted(NEXT(rmdir)(path), "remove " + place_of(path));
}

int unlinkat(int folder, const char* path, int flags) noexcept {
  const std::scoped_lock lock(order);
  return noted(NEXT(unlinkat)(folder, path, flags), "remove " + place_of(path, folder));
}

}  // extern "C"
