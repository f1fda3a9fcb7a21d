#include "runtime/io/append_text.h"

#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include "runtime/io/file.h"

namespace inarch {

Status append_text(const std::string& path, std::string_view text) {
  constexpr int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY;
  File file(uninterrupted([&] { return ::open(path.c_str(), flags, 0666); }), path);
  if (!file.is_open()) return write_failure(path, errno, "cannot open for writing");
  while (!text.empty()) {
    const ssize_t written =
        uninterrupted([&] { return ::write(file.descriptor(), text.data(), text.size()); });
    if (written < 0) return write_failure(path, errno);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return file.close();
}

}  // namespace inarch
