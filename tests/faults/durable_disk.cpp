#include "tests/faults/durable_disk.h"

#include <algorithm>
#include <sstream>
#include <stdexcept>
#include <utility>

#include <sys/stat.h>

#include "tests/golden/shell.h"

namespace inarch::faults {

namespace fs = std::filesystem;

namespace {

unsigned long inode_of(const fs::path& path) {
  struct stat state {};
  if (::lstat(path.c_str(), &state) != 0) throw std::runtime_error("no " + path.string());
  return state.st_ino;
}

std::string from_hex(const std::string& text) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    bytes += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
  return bytes;
}

}  // namespace

DurableDisk::DurableDisk(const fs::path& folder) { scan(folder, add(inode_of(folder), true)); }

std::size_t DurableDisk::add(unsigned long inode, bool folder) {
  nodes_.emplace_back().folder = folder;
  numbers_[inode] = nodes_.size() - 1;
  return nodes_.size() - 1;
}

void DurableDisk::scan(const fs::path& path, std::size_t number) {
  for (const auto& entry : fs::directory_iterator(path)) {
    const std::size_t below = add(inode_of(entry.path()), entry.is_directory());
    nodes_[number].entries[entry.path().filename()] = below;
    if (entry.is_directory()) {
      scan(entry.path(), below);
    } else {
      nodes_[below].bytes = nodes_[below].durable_bytes = golden::read_file(entry.path());
    }
  }
  nodes_[number].durable_entries = nodes_[number].entries;
}

DurableDisk::Node* DurableDisk::find(unsigned long inode) {
  const auto found = numbers_.find(inode);
  return found == numbers_.end() ? nullptr : &nodes_[found->second];
}

void DurableDisk::apply(const std::string& line) {
  std::istringstream words(line);
  std::string what;
  unsigned long inode = 0;
  words >> what >> inode;
  if (what == "make" || what == "makedir") {
    unsigned long above = 0;
    std::string name;
    words >> above >> name;
    if (find(above) == nullptr) return;
    const std::size_t number = add(inode, what == "makedir");
    find(above)->entries[name] = number;
    return;
  }
  Node* const node = find(inode);
  if (node == nullptr) return;
  if (what == "write") {
    std::size_t offset = 0;
    std::string hex;
    words >> offset >> hex;
    const std::string bytes = from_hex(hex);
    node->bytes.resize(std::max(node->bytes.size(), offset + bytes.size()));
    node->bytes.replace(offset, bytes.size(), bytes);
  } else if (what == "size") {
    std::size_t size = 0;
    words >> size;
    node->bytes.resize(size);
  } else if (what == "sync") {
    node->durable_bytes = node->bytes;
    node->durable_entries = node->entries;
  } else if (what == "remove") {
    std::string name;
    words >> name;
    node->entries.erase(name);
  } else if (what == "move" || what == "swap") {
    std::string from;
    std::string to;
    unsigned long other = 0;
    words >> from >> other >> to;
    Node* const target = find(other);
    if (target == nullptr) throw std::runtime_error("moved out of sight: " + line);
    std::swap(node->entries.at(from), target->entries[to]);
    if (what == "move") node->entries.erase(from);
  } else {
    throw std::runtime_error("cannot read " + line);
  }
}

DurableDisk::Tree DurableDisk::after(Loss loss) const {
  Tree tree;
  collect(0, "", loss, tree);
  return tree;
}

void DurableDisk::collect(std::size_t number, const std::string& path, Loss loss,
                          Tree& tree) const {
  const Node& node = nodes_[number];
  const bool keeps_names = loss == Loss::bytes_unsynced;
  for (const auto& [name, below] : keeps_names ? node.entries : node.durable_entries) {
    const Node& entry = nodes_[below];
    if (entry.folder) {
      tree[path + name + "/"];
      collect(below, path + name + "/", loss, tree);
      continue;
    }
    std::string bytes = entry.durable_bytes;
    if (keeps_names) bytes.resize(entry.bytes.size());
    tree[path + name] = std::move(bytes);
  }
}

}  // namespace inarch::faults
