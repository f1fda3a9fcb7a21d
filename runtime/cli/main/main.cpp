#include <csignal>
#include <string>
#include <vector>

#include "runtime/cli/command.h"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is a failed write, which has an exit code
  return inarch::run_program(std::vector<std::string>(argv + 1, argv + argc));
}
