#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/support/result.h"

namespace inarch {

enum class EntryKind : std::uint8_t { regular, directory, symlink, other };

struct DirectoryEntry {
  std::string name;
  EntryKind kind = EntryKind::other;  // of the entry itself, not of what a symlink names
};

/// The entries but "." and "..", sorted by name (bytes).
Result<std::vector<DirectoryEntry>> list_directory(const std::string& path);

/// "directory/name" with exactly one slash between.
std::string join_path(std::string_view directory, std::string_view name);
/// The last component, trailing slashes ignored; "" for "/".
std::string base_name(std::string_view path);
/// What comes before the last component: "." when there is nothing, "/" for "/x".
std::string parent_path(std::string_view path);
/// Absolute, without symlinks, "." and "..". A tail that does not exist yet is kept as written.
std::string real_path(const std::string& path);
/// True when `path` is `directory` or lies inside it, symlinks resolved and hard facts (device and
/// inode) compared where both exist.
bool same_or_inside(const std::string& path, const std::string& directory);

bool is_directory(const std::string& path);
bool is_regular_file(const std::string& path);
/// True for anything at `path`, a dangling symlink included, and when it cannot be told.
bool exists(const std::string& path);
/// The same with symlinks followed: false for a dangling one.
bool resolves(const std::string& path);

/// Makes `path` and its missing parents.
Status make_directories(const std::string& path);
/// Makes the entries of a directory durable.
Status sync_directory(const std::string& path);
/// Syncs every regular file and directory below and at `path`; symlinks are not followed.
Status sync_tree(const std::string& path);
/// Removes `path` and what is below it. Symlinks are removed, never followed. Absent is fine.
Status remove_tree(const std::string& path);

}  // namespace inarch
