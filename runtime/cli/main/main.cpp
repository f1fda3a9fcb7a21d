#include <csignal>

#include <fcntl.h>
#include <unistd.h>

#include "runtime/cli/command.h"

namespace {

/// A standard descriptor that is closed would become that of the next file that is opened, and what
/// is said would be written into it. Nothing can be written to what takes its place.
void occupy_standard_descriptors() {
  int descriptor = STDIN_FILENO;
  while (descriptor >= 0 && descriptor <= STDERR_FILENO) descriptor = ::open("/dev/null", O_RDONLY);
  if (descriptor > STDERR_FILENO) ::close(descriptor);
}

}  // namespace

int main(int count, char** words) {
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is a failed write, which has an exit code
  occupy_standard_descriptors();
  return inarch::run_program(count, words);
}
