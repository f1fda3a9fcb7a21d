#include "runtime/cli/synth_write.h"

#include <algorithm>
#include <cerrno>
#include <vector>

#include <unistd.h>

#include "runtime/executor/progress_phase.h"
#include "runtime/io/directory.h"
#include "runtime/io/file.h"
#include "runtime/io/output_dir.h"
#include "runtime/io/parallel_tasks.h"

namespace inarch {

namespace {

constexpr std::int64_t tile_bytes = 512 << 10;

Status fill_shard(const SynthLayout& layout, const SynthLayout::Shard& shard, const File& file,
                  const SynthWriting& writing, ProgressPhase& phase) {
  std::vector<std::int64_t> sizes;
  for (std::size_t k = shard.begin; k < shard.end; ++k) sizes.push_back(layout.tensors[k].bytes);
  const std::vector<Part> tiles = split_into_parts(sizes, tile_bytes);
  const auto make_worker = [&]() -> TaskFunction {
    return [&, bytes = std::vector<std::byte>(tile_bytes),
            floats = std::vector<float>(tile_bytes)](std::size_t task) mutable -> Status {
      const Part& tile = tiles[task];
      const SynthTensor& tensor = layout.tensors[shard.begin + tile.item];
      const auto part = std::span(bytes).first(static_cast<std::size_t>(tile.size));
      draw_values(tensor, writing.values, tile.begin, floats, part);
      Status written = write_exact_at(file, part, tensor.offset + tile.begin);
      phase.advanced(tile.size, tensor.name);
      return written;
    };
  };
  return run_tasks(writing.jobs, tiles.size(), make_worker, writing.stop);
}

bool is_stopped(const SynthWriting& writing) { return writing.stop && *writing.stop; }

Result<File> create_shard(const std::string& path, std::int64_t size, bool hollow) {
  if (!hollow) return create_sized(path, size);
  auto file = create_file(path);
  if (file.ok() && ::ftruncate(file->descriptor(), size) != 0)
    return write_failure(path, errno, "cannot set the size");
  return file;
}

Status write_shard(const SynthLayout& layout, const SynthLayout::Shard& shard,
                   const std::string& work, const SynthWriting& writing, ProgressPhase& phase) {
  auto file = create_shard(join_path(work, shard.name), shard.size, writing.hollow);
  if (!file) return file.error();
  const auto header = std::as_bytes(std::span(shard.header));
  if (Status status = write_exact_at(*file, header, 0); !status) return status;
  if (!writing.hollow) {
    if (Status status = fill_shard(layout, shard, *file, writing, phase); !status) return status;
    push_out(*file, 0, shard.size);
  }
  return file->close();
}

Status write_files(const SynthLayout& layout, const std::string& config, const std::string& work,
                   const SynthWriting& writing, Progress& progress) {
  ProgressPhase phase(progress, "writing", writing.hollow ? 0 : layout.bytes);
  for (const SynthLayout::Shard& shard : layout.shards) {
    if (Status status = write_shard(layout, shard, work, writing, phase); !status) return status;
    if (is_stopped(writing)) return {};
  }
  if (!layout.index.empty()) {
    const std::string path = join_path(work, "model.safetensors.index.json");
    if (Status status = write_small_file(path, layout.index); !status) return status;
  }
  return write_small_file(join_path(work, "config.json"), config);
}

}  // namespace

Result<bool> write_model(const SynthLayout& layout, const std::string& config,
                         const std::string& output, const SynthWriting& writing,
                         Progress& progress) {
  if (Status status = check_target(output, writing.replace); !status) return status.error();
  auto lock = lock_output(output);
  if (!lock) return lock.error();
  // Values cost little: what an interrupted command left is not worth resuming.
  if (Status status = remove_tree(work_dir_for(output)); !status) return status.error();
  const auto work = open_work_dir(output);
  if (!work) return work.error();
  Status status = write_files(layout, config, *work, writing, progress);
  const bool stopped = is_stopped(writing);
  if (status && !stopped) status = publish(*work, output, writing.replace);
  if (!status || stopped) (void)remove_tree(*work);
  if (!status) return status.error();
  return !stopped;
}

}  // namespace inarch
