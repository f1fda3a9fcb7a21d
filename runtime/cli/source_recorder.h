#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "compiler/recipe/bound_recipe.h"

namespace inarch {

/// Notes what a compilation reads beside the recipe, for its lock.
class SourceRecorder {
 public:
  struct Source {
    SourceRequest request;
    bool is_given = false;  // by --source
    Checkpoint stored;
  };
  struct ReadFile {
    FileFingerprint print;
    std::optional<std::string> text;  // where it was read and not only hashed, and is small
  };
  /// A tensor by its file's path and its offset there.
  using TensorPlace = std::pair<std::string, std::int64_t>;

  /// Texts of at most `keep` bytes are kept.
  explicit SourceRecorder(std::int64_t keep) : keep_(keep) {}
  /// Has everything that `options` reads pass through here. This must outlive them.
  void listen(BindOptions& options);

  const std::vector<Source>& sources() const { return sources_; }
  const std::map<std::string, ReadFile>& files() const { return files_; }  // by path
  const std::set<TensorPlace>& tensors() const { return tensors_; }

 private:
  std::shared_ptr<const Checkpoint> open(const SourceRequest& request, bool is_given,
                                         Diagnostics& diagnostics);

  std::int64_t keep_;
  std::vector<Source> sources_;
  std::map<std::string, ReadFile> files_;
  std::set<TensorPlace> tensors_;
};

/// True when `--source` says where a source is, or the one whose adapter it is.
bool is_given_by_option(const BindOptions& options, const std::string& source);

}  // namespace inarch
