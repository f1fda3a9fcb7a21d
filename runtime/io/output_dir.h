#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/support/result.h"
#include "runtime/io/file.h"

namespace inarch {

/// Building blocks of a publication that is all or nothing. The order of a run: lock_output, then
/// open_work_dir, files written below it, publish; the lock is let go last.

/// The hidden sibling of `target` in which a run works: "<parent>/.<name>.inarch-partial".
std::string work_dir_for(const std::string& target);

/// Held while one run works on one target; dropped with the object, also when the process dies.
class OutputLock {
 public:
  OutputLock(OutputLock&&) noexcept = default;
  OutputLock& operator=(OutputLock&& other) noexcept;
  OutputLock(const OutputLock&) = delete;
  OutputLock& operator=(const OutputLock&) = delete;
  ~OutputLock();

 private:
  friend Result<OutputLock> lock_output(const std::string& target);
  explicit OutputLock(File file) : file_(std::move(file)) {}
  void release();
  File file_;
};

/// Takes the lock "<parent>/.<name>.inarch-lock", making missing parents, and then undoes what a
/// publication that was killed half-way left behind. E704 when another run has it; never waits.
Result<OutputLock> lock_output(const std::string& target);

/// Removes what a publication that died after its rename has left beside the finished `target`: the
/// output that it replaced. A work directory with the file `journal` is of a run that can go on,
/// and stays; so does everything while another run has the lock.
Status clear_replaced(const std::string& target, const std::string& journal);

/// Nothing when `target` may be published to: it is absent, an empty directory, or `replace` is set
/// and it is a directory. E705 otherwise; a symlink is always refused.
Status check_target(const std::string& target, bool replace);

/// The work directory of `target`, made when absent; the caller holds the lock. What an earlier run
/// left in it is still there.
Result<std::string> open_work_dir(const std::string& target);

/// Creates a file of its final size with its blocks reserved (E703 when they do not fit).
Result<File> create_sized(const std::string& path, std::int64_t size);

/// Makes everything in `work` durable and puts it at `target` in one rename, then makes that
/// durable. An existing target is E705 unless `replace`: then the two trees change places
/// atomically where the file system can, and the old one is removed. `scratch` names files of the
/// work directory (the journal) that are removed, durably, just before the rename: what is at
/// `target` never holds them.
Status publish(const std::string& work, const std::string& target, bool replace,
               const std::vector<std::string>& scratch = {});

/// E706 when writing to `target` would change a source: it is `source`, lies inside it, or the
/// other way round, links resolved.
Status check_not_source(const std::string& target, const std::string& source);

}  // namespace inarch
