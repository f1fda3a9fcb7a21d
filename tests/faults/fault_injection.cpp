// Preloaded into a program, makes one of its calls into the C library fail or be short, or sends a
// signal there. What there is to do comes in the environment:
//
//   FAULT_CALL=pwrite  FAULT_AT=3     the third call of pwrite …
//   FAULT_ERRNO=5                     … fails with this error, or
//   FAULT_SHORT=1                     … does no more than one byte, or
//   FAULT_SIGNAL=2                    … comes after this signal, or
//   FAULT_SIGNAL_TWICE=2              … comes after it was sent twice
//   FAULT_HIT=PATH                    made when it happens: without it, there was no such call

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

namespace {

std::atomic<long> calls{0};

/// What becomes of a call. One that fails has its errno.
enum class Fate { through, fails, is_short };

bool send(const char* variable, int times) {
  const char* signal = std::getenv(variable);
  if (signal == nullptr) return false;
  for (int i = 0; i < times; ++i) ::raise(static_cast<int>(std::strtol(signal, nullptr, 10)));
  return true;
}

Fate fate_of(const char* name) {
  const char* call = std::getenv("FAULT_CALL");
  if (call == nullptr || std::strcmp(call, name) != 0) return Fate::through;
  const char* at = std::getenv("FAULT_AT");
  if (at == nullptr || ++calls != std::strtol(at, nullptr, 10)) return Fate::through;
  if (const char* hit = std::getenv("FAULT_HIT")) {
    const long file = ::syscall(SYS_openat, AT_FDCWD, hit, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    if (file >= 0) ::syscall(SYS_close, file);
  }
  if (std::getenv("FAULT_SHORT") != nullptr) return Fate::is_short;
  if (send("FAULT_SIGNAL", 1) || send("FAULT_SIGNAL_TWICE", 2)) return Fate::through;
  const char* error = std::getenv("FAULT_ERRNO");
  if (error == nullptr) return Fate::through;
  errno = static_cast<int>(std::strtol(error, nullptr, 10));
  return Fate::fails;
}

template <typename F>
F* next(const char* name, F*) {
  return reinterpret_cast<F*>(::dlsym(RTLD_NEXT, name));
}

mode_t mode_of(int flags, va_list arguments) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? static_cast<mode_t>(va_arg(arguments, int)) : 0;
}

}  // namespace

#define NEXT(name) next(#name, &::name)

extern "C" {

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  if (fate_of("open") == Fate::fails) return -1;
  return NEXT(open)(path, flags, mode);
}

int openat(int directory, const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  if (fate_of("openat") == Fate::fails) return -1;
  return NEXT(openat)(directory, path, flags, mode);
}

ssize_t pread(int file, void* into, std::size_t count, off_t offset) {
  const Fate fate = fate_of("pread");
  if (fate == Fate::fails) return -1;
  return NEXT(pread)(file, into, fate == Fate::is_short && count > 1 ? 1 : count, offset);
}

ssize_t pwrite(int file, const void* from, std::size_t count, off_t offset) {
  const Fate fate = fate_of("pwrite");
  if (fate == Fate::fails) return -1;
  return NEXT(pwrite)(file, from, fate == Fate::is_short && count > 1 ? 1 : count, offset);
}

int fsync(int file) { return fate_of("fsync") == Fate::fails ? -1 : NEXT(fsync)(file); }

int ftruncate(int file, off_t size) noexcept {
  return fate_of("ftruncate") == Fate::fails ? -1 : NEXT(ftruncate)(file, size);
}

int fallocate(int file, int mode, off_t offset, off_t size) {
  return fate_of("fallocate") == Fate::fails ? -1 : NEXT(fallocate)(file, mode, offset, size);
}

int fstat(int file, struct stat* state) noexcept {
  return fate_of("fstat") == Fate::fails ? -1 : NEXT(fstat)(file, state);
}

int mkdir(const char* path, mode_t mode) noexcept {
  return fate_of("mkdir") == Fate::fails ? -1 : NEXT(mkdir)(path, mode);
}

int rename(const char* from, const char* to) noexcept {
  return fate_of("rename") == Fate::fails ? -1 : NEXT(rename)(from, to);
}

int renameat2(int from_directory, const char* from, int to_directory, const char* to,
              unsigned flags) noexcept {
  if (fate_of("renameat2") == Fate::fails) return -1;
  return NEXT(renameat2)(from_directory, from, to_directory, to, flags);
}

int unlink(const char* path) noexcept {
  return fate_of("unlink") == Fate::fails ? -1 : NEXT(unlink)(path);
}

int rmdir(const char* path) noexcept {
  return fate_of("rmdir") == Fate::fails ? -1 : NEXT(rmdir)(path);
}

int flock(int file, int operation) noexcept {
  return fate_of("flock") == Fate::fails ? -1 : NEXT(flock)(file, operation);
}

/// Closes the file even where it fails, as Linux does.
int close(int file) {
  const bool fails = fate_of("close") == Fate::fails;
  const int reason = errno;
  const int result = NEXT(close)(file);
  if (!fails) return result;
  errno = reason;
  return -1;
}

int unlinkat(int directory, const char* path, int flags) noexcept {
  return fate_of("unlinkat") == Fate::fails ? -1 : NEXT(unlinkat)(directory, path, flags);
}

}  // extern "C"
