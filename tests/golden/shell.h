#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace inarch::golden {

struct ShellResult {
  int exit_code = -1;  // 128 + N after signal N, as a shell reports it
  bool timed_out = false;
  std::string out;
  std::string err;
};

/// Runs `script` by /bin/sh in `folder` with exactly this environment ("NAME=value"), and keeps
/// what it writes. `capture` is a folder for that, outside `folder`. After `seconds` its whole
/// process group is killed.
ShellResult run_shell(const std::string& script, const std::filesystem::path& folder,
                      const std::filesystem::path& capture,
                      const std::vector<std::string>& environment, int seconds);

std::string read_file(const std::filesystem::path& path);
void write_file(const std::filesystem::path& path, const std::string& text);

}  // namespace inarch::golden
