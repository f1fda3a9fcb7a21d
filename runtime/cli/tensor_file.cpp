#include "runtime/cli/tensor_file.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <numeric>

#include <fmt/format.h>
#include <unistd.h>

#include "compiler/support/text.h"
#include "runtime/io/directory.h"
#include "runtime/io/output_dir.h"
#include "runtime/io/safetensors_header.h"

namespace inarch {

Result<TensorFile> TensorFile::create(const std::string& path, std::vector<TensorInfo> tensors) {
  if (is_directory(path)) {
    return error("E705",
                 fmt::format("{} is a directory, and is to be a file", escape_for_terminal(path)));
  }
  std::vector<std::size_t> order(tensors.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return bits(tensors[a].dtype) > bits(tensors[b].dtype);
  });
  std::vector<TensorInfo> sorted;
  for (const std::size_t k : order) {
    tensors[k].bytes = tensors[k].elements() * bits(tensors[k].dtype) / 8;
    sorted.push_back(tensors[k]);
  }
  const std::string header = write_safetensors_header(sorted);
  std::vector<std::int64_t> offsets(tensors.size());
  auto end = static_cast<std::int64_t>(header.size());
  for (const std::size_t k : order) {
    offsets[k] = end;
    end += tensors[k].bytes;
  }
  std::string partial =
      join_path(parent_path(path), fmt::format(".{}.inarch-partial", base_name(path)));
  ::unlink(partial.c_str());  // what a run that was killed left
  auto file = create_sized(partial, end);
  if (!file) return file.error();
  TensorFile made(std::move(*file), path, std::move(partial));
  made.offsets_ = std::move(offsets);
  const Status status = write_exact_at(made.file_, std::as_bytes(std::span(header)), 0);
  if (!status) return status.error();
  return made;
}

TensorFile::~TensorFile() {
  if (file_.is_open()) ::unlink(partial_.c_str());
}

Status TensorFile::write(std::size_t number, std::int64_t begin,
                         std::span<const std::byte> bytes) const {
  return write_exact_at(file_, bytes, offsets_[number] + begin);
}

Status TensorFile::publish() {
  Status status = sync_file(file_);
  if (status) status = file_.close();
  if (status && std::rename(partial_.c_str(), path_.c_str()) != 0)
    status = write_failure(path_, errno, "cannot put in its place");
  if (!status) ::unlink(partial_.c_str());
  return status ? sync_directory(parent_path(path_)) : status;
}

}  // namespace inarch
