#pragma once

namespace inarch {

/// What the process says to the shell.
enum ExitCode : int {
  exit_done = 0,
  exit_rejected = 1,    // the recipe or an input was rejected, a check or comparison failed
  exit_failed = 2,      // usage, I/O or an internal failure
  exit_try_again = 75,  // busy; the same command may work later
  exit_interrupted = 130,
  exit_terminated = 143,
};

}  // namespace inarch
