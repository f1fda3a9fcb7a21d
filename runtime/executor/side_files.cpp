#include "runtime/executor/side_files.h"

#include <algorithm>
#include <functional>
#include <span>
#include <string_view>

#include <fmt/format.h>

#include "compiler/support/sha256.h"
#include "compiler/support/text.h"
#include "runtime/io/directory.h"
#include "runtime/io/file.h"

namespace inarch {

namespace {

constexpr std::int64_t portion_bytes = 256 * 1024;

/// Calls `take` with the content of a file in portions; the size is what it was at the start.
Status for_each_portion(const File& file, std::int64_t size,
                        const std::function<Status(std::string_view, std::int64_t)>& take) {
  std::string portion(static_cast<std::size_t>(std::min(portion_bytes, size)), '\0');
  for (std::int64_t at = 0; at < size; at += portion_bytes) {
    const auto n = static_cast<std::size_t>(std::min(portion_bytes, size - at));
    const std::span<char> into(portion.data(), n);
    if (Status status = read_exact_at(file, std::as_writable_bytes(into), at); !status) {
      return status;
    }
    if (Status status = take({portion.data(), n}, at); !status) return status;
  }
  return {};
}

Status carry(const CarriedFile& carried, const std::string& path) {
  auto from = open_read(carried.from);
  if (!from) return std::move(from.error());
  const auto state = file_state(*from);
  if (!state) return state.error();
  if (Status status = remove_tree(path); !status) return status;
  auto to = create_file(path);
  if (!to) return std::move(to.error());
  Sha256 hash;
  const auto write = [&](std::string_view portion, std::int64_t at) {
    hash.update(portion);
    return write_exact_at(*to, std::as_bytes(std::span(portion.data(), portion.size())), at);
  };
  if (Status status = for_each_portion(*from, state->size, write); !status) return status;
  if (state->size == carried.size && hash.hex() == carried.sha256) return to->close();
  return error("E718", fmt::format("the file has changed since the plan was made, so '{}' cannot "
                                   "be carried over",
                                   escape_for_terminal(carried.name)))
      .in(carried.from)
      .hint("make the plan again: inarch plan RECIPE -o PLAN.json");
}

}  // namespace

Result<std::vector<Manifest::SideFile>> write_side_files(const Plan& plan,
                                                         const std::string& directory) {
  std::vector<Manifest::SideFile> written;
  for (const TextFile& file : plan.texts) {
    if (Status status = write_small_file(join_path(directory, file.name), file.text); !status) {
      return std::move(status.error());
    }
    written.push_back(
        {file.name, static_cast<std::int64_t>(file.text.size()), sha256_hex(file.text)});
  }
  for (const CarriedFile& file : plan.files) {
    if (Status status = carry(file, join_path(directory, file.name)); !status) {
      return std::move(status.error());
    }
    written.push_back({file.name, file.size, file.sha256});
  }
  return written;
}

Result<std::string> sha256_of_file(const std::string& path) {
  const auto file = open_read(path);
  if (!file) return file.error();
  const auto state = file_state(*file);
  if (!state) return state.error();
  Sha256 hash;
  const auto add = [&](std::string_view portion, std::int64_t) {
    hash.update(portion);
    return Status();
  };
  if (Status status = for_each_portion(*file, state->size, add); !status) {
    return std::move(status.error());
  }
  return hash.hex();
}

}  // namespace inarch
