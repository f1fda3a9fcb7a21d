#pragma once

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "runtime/io/directory.h"

namespace inarch {

/// A directory of its own for one test, removed at the end.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    path_ = testing::TempDir() + "inarch-io-XXXXXX";
    if (::mkdtemp(path_.data()) == nullptr) std::abort();
    path_ = real_path(path_);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() { (void)remove_tree(path_); }

  const std::string& path() const { return path_; }
  std::string at(std::string_view name) const { return join_path(path_, name); }
  /// Writes a file below it, with the directories on the way, and tells its path.
  std::string write(std::string_view name, std::string_view content) const {
    const std::string path = at(name);
    EXPECT_TRUE(make_directories(parent_path(path)));
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }
  std::string read(std::string_view name) const {
    std::ostringstream content;
    content << std::ifstream(at(name), std::ios::binary).rdbuf();
    return content.str();
  }

 private:
  std::string path_;
};

}  // namespace inarch
