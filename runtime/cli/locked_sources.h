#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "compiler/recipe/bound_recipe.h"
#include "runtime/lock/lock.h"

namespace inarch {

/// Serves a compilation from a lock: what is here is held against it, and what is not here comes
/// out of it.
class LockedSources {
 public:
  /// `path` is the lock's, for messages; `recipe` the recipe's.
  LockedSources(Lock lock, std::string path, std::string recipe)
      : lock_(std::move(lock)), path_(std::move(path)), recipe_(std::move(recipe)) {}
  /// Has everything that `options` reads pass through here. This must outlive them.
  ///
  /// Faults: E441 (the recipe has something that was not locked), E442 (something is not what was
  /// locked), E443 (something is not here, and the lock has not enough of it).
  void serve(BindOptions& options);

  /// The same findings, with the faults of files as they are where the compiler tells of them in
  /// words of its own: "cannot read the table 'groups': …".
  Diagnostics with_faults_of_files(const Diagnostics& found) const;
  /// E441 for each source that was locked and that the recipe does not have.
  void report_unused(Diagnostics& diagnostics) const;
  /// Names of the sources that are not here, and where they would be.
  const std::vector<std::pair<std::string, std::string>>& absent() const { return absent_; }

 private:
  /// A source that was opened.
  struct Opened {
    const LockedSource* locked = nullptr;
    std::string directory;
  };
  using Place = std::pair<std::string, std::int64_t>;  // a file's path, and a tensor's offset

  std::shared_ptr<const Checkpoint> open(const SourceRequest& request, Diagnostics& diagnostics);
  Status check_place(const LockedSource& locked, const SourceRequest& request) const;
  std::shared_ptr<const Checkpoint> open_here(const LockedSource& locked, Checkpoint stored,
                                              const SourceRequest& request,
                                              Diagnostics& diagnostics);
  std::shared_ptr<const Checkpoint> from_lock(const LockedSource& locked,
                                              const SourceRequest& request,
                                              Diagnostics& diagnostics);
  /// What is locked of a file; nothing for one that was not.
  const LockedFile* find_file(const std::string& path) const;
  Result<std::string> read_text(const std::string& path);
  Result<std::string> read_locked(const std::string& path) const;
  Result<FileFingerprint> fingerprint(const std::string& path);
  void remember_bytes(const LockedSource& locked, const Checkpoint& stored);
  Result<Value> read_tensor(const Checkpoint& checkpoint, const TensorInfo& tensor);
  Diagnostic not_locked(std::string what) const;
  Diagnostic differs(const std::string& path, std::string what) const;

  Lock lock_;
  std::string path_;
  std::string recipe_;
  BindOptions world_;  // as it was
  std::vector<Opened> opened_;
  std::vector<std::pair<std::string, std::string>> absent_;
  std::set<std::string> asked_for_;
  std::vector<Diagnostic> faults_;             // of files
  std::map<Place, const std::string*> bytes_;  // of small tensors
  std::set<std::string> hollow_;               // paths of files that are not here
};

}  // namespace inarch
