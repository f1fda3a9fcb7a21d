// Runs a program and kills it before the n-th system call by which it would change a disk.
//
//   kill_at_call N HIT PROGRAM ARGUMENTS…
//
// Makes the file HIT when it strikes. Exits as the program does, with 137 after the kill, and with
// 77 where processes may not be traced.

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

constexpr int not_permitted = 77;
constexpr int system_call_stop = SIGTRAP | 0x80;

bool creates(std::uint64_t flags) { return (flags & (O_CREAT | O_TRUNC)) != 0; }

bool changes_disk(const __ptrace_syscall_info& call) {
  const auto& arguments = call.entry.args;
  switch (call.entry.nr) {
    case SYS_open:
      return creates(arguments[1]);
    case SYS_openat:
      return creates(arguments[2]);
    case SYS_write:
    case SYS_writev:
      return arguments[0] > STDERR_FILENO;
    case SYS_pwrite64:
    case SYS_pwritev:
    case SYS_copy_file_range:
    case SYS_sendfile:
    case SYS_truncate:
    case SYS_ftruncate:
    case SYS_fallocate:
    case SYS_fsync:
    case SYS_fdatasync:
    case SYS_mkdir:
    case SYS_mkdirat:
    case SYS_rename:
    case SYS_renameat:
    case SYS_renameat2:
    case SYS_link:
    case SYS_linkat:
    case SYS_symlink:
    case SYS_symlinkat:
    case SYS_unlink:
    case SYS_unlinkat:
    case SYS_rmdir:
    case SYS_flock:
    case SYS_exit_group:
      return true;
    default:
      return false;
  }
}

[[noreturn]] void become(char** words) {
  if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(not_permitted);
  ::execvp(words[0], words);
  ::_exit(127);
}

bool enters_change(pid_t thread) {
  __ptrace_syscall_info call{};
  const long got = ::ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof call, &call);
  return got > 0 && call.op == PTRACE_SYSCALL_INFO_ENTRY && changes_disk(call);
}

int kill_now(pid_t program, const char* hit) {
  const int file = ::open(hit, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  if (file >= 0) ::close(file);
  ::kill(program, SIGKILL);
  while (::waitpid(-1, nullptr, __WALL) > 0 || errno == EINTR) {
  }
  return 128 + SIGKILL;
}

int trace(pid_t program, long at, const char* hit) {
  long changes = 0;
  while (true) {
    int status = 0;
    const pid_t thread = ::waitpid(-1, &status, __WALL);
    if (thread < 0) return not_permitted;
    if (WIFEXITED(status) && thread == program) return WEXITSTATUS(status);
    if (WIFSIGNALED(status) && thread == program) return 128 + WTERMSIG(status);
    if (!WIFSTOPPED(status)) continue;
    int signal = WSTOPSIG(status);
    if (signal == system_call_stop) {
      if (enters_change(thread) && ++changes == at) return kill_now(program, hit);
      signal = 0;
    } else if (signal == SIGTRAP || signal == SIGSTOP) {
      signal = 0;  // of the tracing itself: a new program or thread
    }
    ::ptrace(PTRACE_SYSCALL, thread, nullptr, signal);
  }
}

}  // namespace

int main(int count, char** words) {
  if (count < 4) return 2;
  const pid_t program = ::fork();
  if (program == 0) become(words + 3);
  int status = 0;
  if (program < 0 || ::waitpid(program, &status, 0) != program) return not_permitted;
  if (!WIFSTOPPED(status)) return WIFEXITED(status) ? WEXITSTATUS(status) : not_permitted;
  const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
  if (::ptrace(PTRACE_SETOPTIONS, program, nullptr, options) != 0) return not_permitted;
  ::ptrace(PTRACE_SYSCALL, program, nullptr, nullptr);
  return trace(program, std::strtol(words[1], nullptr, 10), words[2]);
}
