// Preloaded into a program, makes one of its requests for memory fail, or all from one on. They are
// counted from main() on: what libraries ask for while they are loaded is not the program's. What
// there is to do comes in the environment:
//
//   MEMORY_FAILS_AT=17     the 17th request fails …
//   MEMORY_FAILS_ON=1      … and all that follow
//   MEMORY_HIT=PATH        made when it happens: without it, there was no such request
//   MEMORY_EACH=PATH       at each request a copy of the process is made, in which it fails, and a
//                          line at the end of PATH says how the copy ended: "17 2", the request and
//                          the exit code, or 128 and the signal. That goes on until the program
//                          locks a file, from where on copies would disturb each other: a copy that
//                          comes so far ends there with 0.

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* old, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
}

namespace {

using Main = int (*)(int, char**, char**);

Main program = nullptr;
std::atomic<bool> counting{false};
std::atomic<long> requests{0};
long fails_at = 0;
bool fails_on = false;
const char* hit = nullptr;
int each = -1;
bool is_copy = false;

void note_hit() {
  if (hit == nullptr) return;
  const int file = ::open(hit, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  if (file >= 0) ::close(file);
}

/// True in the copy.
bool fails_in_a_copy(long number) {
  const pid_t copy = ::fork();
  if (copy == 0) {
    each = -1;
    is_copy = true;
    fails_at = fails_on ? number : 0;
    ::alarm(20);  // a copy that never ends is a fault as well
    return true;
  }
  int status = 0;
  if (copy < 0 || ::waitpid(copy, &status, 0) != copy) std::abort();
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  char line[64];
  const int length = std::snprintf(line, sizeof line, "%ld %d\n", number, code);
  if (::write(each, line, static_cast<std::size_t>(length)) != length) std::abort();
  return false;
}

bool fails() {
  if (!counting) return false;
  const long number = ++requests;
  bool failed = fails_on ? fails_at > 0 && number >= fails_at : number == fails_at;
  if (failed && number == fails_at) note_hit();
  if (each >= 0) failed = fails_in_a_copy(number);
  if (failed) errno = ENOMEM;
  return failed;
}

long number_in(const char* name) {
  const char* text = std::getenv(name);
  return text == nullptr ? 0 : std::strtol(text, nullptr, 10);
}

int counted_main(int count, char** words, char** environment) {
  fails_at = number_in("MEMORY_FAILS_AT");
  fails_on = number_in("MEMORY_FAILS_ON") != 0;
  hit = std::getenv("MEMORY_HIT");
  if (const char* path = std::getenv("MEMORY_EACH"))
    each = ::open(path, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  counting = true;
  const int code = program(count, words, environment);
  counting = false;
  return code;
}

}  // namespace

extern "C" {

int __libc_start_main(Main main, int count, char** words, void (*initialise)(), void (*finish)(),
                      void (*finish_loader)(), void* stack_end) {
  program = main;
  const auto next =
      reinterpret_cast<decltype(&__libc_start_main)>(::dlsym(RTLD_NEXT, "__libc_start_main"));
  return next(counted_main, count, words, initialise, finish, finish_loader, stack_end);
}

void* malloc(std::size_t size) { return fails() ? nullptr : __libc_malloc(size); }

void* calloc(std::size_t count, std::size_t size) {
  return fails() ? nullptr : __libc_calloc(count, size);
}

void* realloc(void* old, std::size_t size) { return fails() ? nullptr : __libc_realloc(old, size); }

void* aligned_alloc(std::size_t alignment, std::size_t size) {
  return fails() ? nullptr : __libc_memalign(alignment, size);
}

int flock(int file, int operation) noexcept {
  if (is_copy) ::_exit(0);
  each = -1;
  return reinterpret_cast<decltype(&flock)>(::dlsym(RTLD_NEXT, "flock"))(file, operation);
}

int posix_memalign(void** into, std::size_t alignment, std::size_t size) {
  if (fails()) return ENOMEM;
  *into = __libc_memalign(alignment, size);
  return *into == nullptr ? ENOMEM : 0;
}

}  // extern "C"
