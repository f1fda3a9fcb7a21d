#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace inarch::faults {

/// What remains after a power loss.
enum class Loss {
  all_unsynced,   // nothing but what was made durable: contents of files, entries of folders
  bytes_unsynced  // names and sizes are those of the last moment, bytes not made durable are zero
};

/// A model of a disk that keeps apart what was done and what was made durable, fed with the lines
/// of write_log.cpp. It knows only what lies below one folder.
class DurableDisk {
 public:
  /// All that is there now is durable.
  explicit DurableDisk(const std::filesystem::path& folder);

  void apply(const std::string& line);

  using Tree = std::map<std::string, std::string>;  // by path; folders end in a slash
  /// What is there after a power loss.
  Tree after(Loss loss) const;

 private:
  struct Entries : std::map<std::string, std::size_t> {};  // name → number of the node
  struct Node {
    bool folder = false;
    std::string bytes;
    std::string durable_bytes;
    Entries entries;
    Entries durable_entries;
  };

  std::size_t add(unsigned long inode, bool folder);
  void scan(const std::filesystem::path& path, std::size_t number);
  Node* find(unsigned long inode);
  void collect(std::size_t number, const std::string& path, Loss loss, Tree& tree) const;

  std::vector<Node> nodes_;
  std::map<unsigned long, std::size_t> numbers_;  // an inode's number is that of its last owner
};

}  // namespace inarch::faults
