#include "runtime/io/replace_file.h"

#include <cerrno>
#include <cstdio>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/io/directory.h"
#include "runtime/io/file.h"

namespace inarch {

Status replace_file(const std::string& path, std::string_view text) {
  struct stat found {};
  const bool is_there = ::stat(path.c_str(), &found) == 0;
  if (is_there && !S_ISREG(found.st_mode)) return write_small_file(path, text);
  const std::string target = real_path(path);
  const std::string partial =
      join_path(parent_path(target), fmt::format(".{}.inarch-{}", base_name(target), ::getpid()));
  Status status = write_small_file(partial, text);
  if (status && is_there && ::chmod(partial.c_str(), found.st_mode & 07777) != 0)
    status = write_failure(path, errno);
  if (status && std::rename(partial.c_str(), target.c_str()) != 0)
    status = write_failure(path, errno);
  if (!status) (void)::unlink(partial.c_str());
  return status;
}

}  // namespace inarch
