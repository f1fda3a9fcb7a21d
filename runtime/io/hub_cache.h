#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "compiler/support/result.h"

namespace inarch {

/// The value of an environment variable, or nothing when it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
/// The environment of this process.
Environment process_environment();

/// A model repository at a revision (branch, tag or commit).
struct HubReference {
  std::string repository;  // "org/name"
  std::string revision = "main";
};

/// Reads "org/name", "hf://[models/]org/name[@revision]" and web addresses whose path has
/// org/name[/tree/revision]. `revision` overrides one that the text has, unless it is empty. E434
/// on anything else.
Result<HubReference> parse_hub_reference(std::string_view text, std::string_view revision = {});

/// HF_HUB_CACHE, else $HF_HOME/hub, else $XDG_CACHE_HOME/huggingface/hub, else
/// ~/.cache/huggingface/hub. "" when not even HOME is set.
std::string hub_cache_directory(const Environment& environment);

/// The snapshot directory of `reference` in the local cache, by the published layout
/// models--org--name/{refs/<revision>, snapshots/<commit>}. E433 when the model, E435 when the
/// revision is not there.
Result<std::string> find_snapshot(const HubReference& reference, const Environment& environment);

/// Where the snapshot of a commit is in the local cache once it is there.
std::string snapshot_path(const std::string& repository, const std::string& commit,
                          const Environment& environment);

}  // namespace inarch
