#include "runtime/lock/contents.h"

#include <fmt/format.h>

#include "compiler/support/text.h"
#include "runtime/io/parallel_tasks.h"
#include "runtime/lock/digests.h"

namespace inarch {

namespace {

/// A file of a plan and what was locked of it.
struct LockedInput {
  const PlanSource* source = nullptr;
  const FileIdentity* file = nullptr;
  const LockedShard* shard = nullptr;
};

std::vector<LockedInput> locked_inputs(const Plan& plan, const Lock& lock) {
  std::vector<LockedInput> inputs;
  for (const PlanSource& source : plan.sources) {
    const LockedSource* locked = lock.find(source.name);
    for (const FileIdentity& file : source.files) {
      for (std::size_t k = 0; locked && k < locked->shards.size(); ++k) {
        if (locked->shards[k].name == file.name)
          inputs.push_back({&source, &file, &locked->shards[k]});
      }
    }
  }
  return inputs;
}

Diagnostic other_content(const LockedInput& input, const ContentOptions& options) {
  return error("E442", fmt::format("source '{}' is not what was locked: {} has other contents "
                                   "under the same header",
                                   input.source->name, escape_for_terminal(input.file->name)))
      .in(input.file->path)
      .note("another model of the same shape, or one that was trained on")
      .hint(fmt::format("inarch lock {}, if it is what is wanted",
                        escape_for_terminal(options.recipe)));
}

Status check_samples(const std::vector<LockedInput>& inputs, const ContentOptions& options) {
  const auto make_worker = [&]() -> TaskFunction {
    return [&](std::size_t k) -> Status {
      const LockedInput& input = inputs[k];
      const auto sample =
          sample_digest(input.file->path, input.shard->header_bytes, input.file->size);
      if (!sample) return sample.error();
      if (*sample != input.shard->sample_sha256) return other_content(input, options);
      return {};
    };
  };
  return run_tasks(options.jobs, inputs.size(), make_worker, options.stop);
}

Status check_whole(const std::vector<LockedInput>& inputs, const ContentOptions& options,
                   Progress& progress) {
  std::vector<FileToHash> files;
  for (const LockedInput& input : inputs) {
    files.push_back({input.file->path, input.file->name, input.file->size});
    if (!input.shard->sha256.empty()) continue;
    return error("E443", fmt::format("the lock has no digest of {} of source '{}'",
                                     escape_for_terminal(input.file->name), input.source->name))
        .note("it was made with --no-digests")
        .hint(fmt::format("inarch lock {}", escape_for_terminal(options.recipe)));
  }
  const auto digests = hash_files(files, options.jobs, progress, options.stop);
  if (!digests) return digests.error();
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    const bool differs = !(*digests)[k].empty() && (*digests)[k] != inputs[k].shard->sha256;
    if (differs) return other_content(inputs[k], options);
  }
  return {};
}

}  // namespace

Status check_contents(const Plan& plan, const Lock& lock, const ContentOptions& options,
                      Progress& progress) {
  const auto inputs = locked_inputs(plan, lock);
  if (Status same = check_samples(inputs, options); !same) return same;
  return options.whole ? check_whole(inputs, options, progress) : Status();
}

}  // namespace inarch
