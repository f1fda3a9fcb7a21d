// Preloaded into a program, gives it surroundings that must not matter:
//
//   STRANGE_LOCALE=de_DE.UTF-8   the locale of C and C++ from the start, as a library may set it
//   STRANGE_CLOCK=1              a clock that jumps by years, back and forth
//   STRANGE_MEMORY=165           fresh pages are full of this byte and not of zeros
//   STRANGE_HIT=PATH             made when the locale has a decimal comma, or a clock was read, or
//                                pages were given

#include <algorithm>
#include <atomic>
#include <clocale>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <locale>

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

constexpr std::size_t most_filled = std::size_t{16} << 20;  // scratch memory is used from its start

void note_hit() {
  const char* hit = std::getenv("STRANGE_HIT");
  if (hit == nullptr) return;
  const int file = ::open(hit, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  if (file >= 0) ::close(file);
}

[[gnu::constructor]] void set_locale() {
  const char* name = std::getenv("STRANGE_LOCALE");
  if (name == nullptr || std::setlocale(LC_ALL, name) == nullptr) return;
  std::locale::global(std::locale(name));
  if (std::localeconv()->decimal_point[0] == ',') note_hit();
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* now) noexcept {
  static std::atomic<int> reads{0};
  const long result = ::syscall(SYS_clock_gettime, clock, now);
  if (clock != CLOCK_REALTIME || std::getenv("STRANGE_CLOCK") == nullptr)
    return static_cast<int>(result);
  constexpr time_t year = 31'556'952;
  now->tv_sec += (reads++ % 2 == 0 ? 10 : -10) * year;
  note_hit();
  return static_cast<int>(result);
}

time_t time(time_t* into) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (into != nullptr) *into = now.tv_sec;
  return now.tv_sec;
}

void* mmap(void* where, std::size_t size, int protection, int flags, int file,
           off_t offset) noexcept {
  const auto next = reinterpret_cast<decltype(&mmap)>(::dlsym(RTLD_NEXT, "mmap"));
  void* pages = next(where, size, protection, flags, file, offset);
  const char* byte = std::getenv("STRANGE_MEMORY");
  const bool fresh = (flags & MAP_ANONYMOUS) != 0 && (protection & PROT_WRITE) != 0;
  if (byte == nullptr || !fresh || pages == MAP_FAILED) return pages;
  std::memset(pages, std::atoi(byte), std::min(size, most_filled));
  note_hit();
  return pages;
}

}  // extern "C"
