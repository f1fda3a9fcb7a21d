#include "runtime/cli/stop_signal.h"

#include <csignal>

#include <unistd.h>

#include "runtime/cli/exit_code.h"

namespace inarch {

namespace {

// Signal handlers can reach nothing else.
std::atomic<bool> stop_requested{false};
volatile std::sig_atomic_t stop_signal = 0;

void on_signal(int number) {
  if (stop_requested.exchange(true)) _exit(number == SIGTERM ? exit_terminated : exit_interrupted);
  stop_signal = number;
}

}  // namespace

StopSignal::StopSignal() {
  stop_requested = false;
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
}

StopSignal::~StopSignal() {
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
}

const std::atomic<bool>* StopSignal::flag() const { return &stop_requested; }

int StopSignal::exit_code() const {
  return stop_signal == SIGTERM ? exit_terminated : exit_interrupted;
}

}  // namespace inarch
