#include "runtime/cli/locked_sources.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/support/sha256.h"
#include "compiler/support/sizes.h"
#include "compiler/support/text.h"
#include "runtime/cli/lock_builder.h"
#include "runtime/cli/source_opener.h"
#include "runtime/cli/tensor_values.h"
#include "runtime/io/checkpoint.h"
#include "runtime/io/directory.h"
#include "runtime/io/hub_cache.h"
#include "runtime/io/logical_checkpoint.h"
#include "runtime/lock/compare.h"
#include "runtime/lock/rebuild.h"

namespace inarch {

namespace {

std::string place_text(bool is_hub, const std::string& location, const std::string& revision) {
  const std::string at = revision.empty() ? "" : "@" + escape_for_terminal(revision, 60);
  return (is_hub ? "hub: " : "path: ") + escape_for_terminal(location) + at;
}

/// Where what is not here would be.
std::string would_be_at(const SourceRequest& request) {
  if (!request.is_hub) return request.location;
  const auto reference = parse_hub_reference(request.location, request.revision);
  if (!reference) return request.location;
  return snapshot_path(reference->repository, reference->revision, process_environment());
}

}  // namespace

void LockedSources::serve(BindOptions& options) {
  world_ = options;
  options.open_source = [this](const SourceRequest& request, Diagnostics& diagnostics) {
    return open(request, diagnostics);
  };
  options.read_text = [this](const std::string& path) { return read_text(path); };
  options.fingerprint = [this](const std::string& path) { return fingerprint(path); };
  options.read_tensor = [this](const Checkpoint& checkpoint, const TensorInfo& tensor) {
    return read_tensor(checkpoint, tensor);
  };
  options.is_directory = [this](const std::string& path) {
    const std::string from_recipe = from_recipe_folder(path, world_.recipe_directory);
    return world_.is_directory(path) ||
           std::any_of(lock_.sources.begin(), lock_.sources.end(), [&](const LockedSource& s) {
             return s.place && !s.place->is_hub && s.place->location == from_recipe;
           });
  };
}

Diagnostic LockedSources::not_locked(std::string what) const {
  return error("E441", std::move(what))
      .in(path_)
      .hint(fmt::format("inarch lock {}", escape_for_terminal(recipe_)));
}

Diagnostic LockedSources::differs(const std::string& path, std::string what) const {
  return error("E442", std::move(what))
      .in(path)
      .note(fmt::format("{} has what it was", escape_for_terminal(path_)))
      .hint(fmt::format("inarch lock {}, if it is what is wanted", escape_for_terminal(recipe_)));
}

void LockedSources::report_unused(Diagnostics& diagnostics) const {
  for (const LockedSource& locked : lock_.sources) {
    if (asked_for_.contains(locked.name) || is_given_by_option(world_, locked.name)) continue;
    diagnostics.add(not_locked(fmt::format("the lock has a source '{}', and the recipe has none",
                                           escape_for_terminal(locked.name))));
  }
}

Status LockedSources::check_place(const LockedSource& locked, const SourceRequest& request) const {
  if (locked.is_adapter != request.is_adapter)
    return not_locked(fmt::format("'{}' is {} adapter, and was {}", request.name,
                                  request.is_adapter ? "an" : "no",
                                  locked.is_adapter ? "one" : "none"));
  if (!locked.place || is_given_by_option(world_, request.name)) return {};
  const LockedPlace& was = *locked.place;
  const std::string location = request.is_hub
                                   ? request.location
                                   : from_recipe_folder(request.location, world_.recipe_directory);
  if (was.is_hub == request.is_hub && was.location == location && was.revision == request.revision)
    return {};
  return not_locked(fmt::format("source '{}' is {{ {} }}, but was locked as {{ {} }}", request.name,
                                place_text(request.is_hub, location, request.revision),
                                place_text(was.is_hub, was.location, was.revision)));
}

std::shared_ptr<const Checkpoint> LockedSources::open(const SourceRequest& request,
                                                      Diagnostics& diagnostics) {
  const LockedSource* locked = lock_.find(request.name);
  const bool is_given = is_given_by_option(world_, request.name);
  asked_for_.insert(request.name);
  if (!locked) {
    diagnostics.add(not_locked(fmt::format("the lock has no source '{}'", request.name)));
    return nullptr;
  }
  if (Status same = check_place(*locked, request); !same) {
    diagnostics.add(same.error());
    return nullptr;
  }
  SourceRequest pinned = request;
  if (request.is_hub && locked->place && !locked->place->commit.empty())
    pinned.revision = locked->place->commit;
  Diagnostics found;
  auto stored = open_stored(pinned, found);
  if (!stored && !is_given && is_absent(found)) return from_lock(*locked, pinned, diagnostics);
  for (const Diagnostic& d : found.list()) diagnostics.add(d);
  if (!stored) return nullptr;
  return open_here(*locked, std::move(*stored), request, diagnostics);
}

std::shared_ptr<const Checkpoint> LockedSources::open_here(const LockedSource& locked,
                                                           Checkpoint stored,
                                                           const SourceRequest& request,
                                                           Diagnostics& diagnostics) {
  if (const auto difference = first_difference(locked, stored)) {
    diagnostics.add(differs(stored.location, fmt::format("source '{}' is not what was locked: {}",
                                                         request.name, *difference)));
    return nullptr;
  }
  opened_.push_back({&locked, directory_of_source(stored)});
  remember_bytes(locked, stored);
  for (const char* config : {"config.json", adapter_config_name}) {
    const std::string path = join_path(opened_.back().directory, config);
    if (!resolves(path)) continue;
    if (const auto same = read_text(path); !same) {
      diagnostics.add(same.error());
      return nullptr;
    }
  }
  if (!read_encodings(stored, diagnostics)) return nullptr;
  return std::make_shared<const Checkpoint>(std::move(stored));
}

std::shared_ptr<const Checkpoint> LockedSources::from_lock(const LockedSource& locked,
                                                           const SourceRequest& request,
                                                           Diagnostics& diagnostics) {
  const std::string location = would_be_at(request);
  auto checkpoint = rebuild_checkpoint(locked, location);
  if (!checkpoint) {
    diagnostics.add(checkpoint.error());
    return nullptr;
  }
  opened_.push_back({&locked, directory_of_locked(locked, location)});
  remember_bytes(locked, *checkpoint);
  const auto known = std::find_if(absent_.begin(), absent_.end(),
                                  [&](const auto& source) { return source.first == request.name; });
  if (known == absent_.end()) absent_.emplace_back(request.name, location);
  for (const FileIdentity& file : checkpoint->files) hollow_.insert(file.path);
  const auto read = [&,
                     files = checkpoint->files](const TensorInfo& tensor) -> Result<std::string> {
    const auto bytes = bytes_.find({files[tensor.file].path, tensor.offset});
    if (bytes != bytes_.end()) return *bytes->second;
    return error("E443", fmt::format("the lock has no bytes of tensor '{}'",
                                     escape_for_terminal(tensor.name)))
        .in(path_);
  };
  if (!read_encodings(*checkpoint, read, diagnostics)) return nullptr;
  return std::make_shared<const Checkpoint>(std::move(*checkpoint));
}

const LockedFile* LockedSources::find_file(const std::string& path) const {
  for (const Opened& opened : opened_) {
    const std::string folder = opened.directory + "/";
    if (!path.starts_with(folder) || path.find('/', folder.size()) != path.npos) continue;
    return opened.locked->find_file(path.substr(folder.size()));
  }
  const std::string name = from_recipe_folder(path, world_.recipe_directory);
  for (const LockedFile& file : lock_.files) {
    if (file.name == name) return &file;
  }
  return nullptr;
}

Result<std::string> LockedSources::read_text(const std::string& path) {
  auto text = read_locked(path);
  if (!text && text.error().code.starts_with("E44")) faults_.push_back(text.error());
  return text;
}

Diagnostics LockedSources::with_faults_of_files(const Diagnostics& found) const {
  Diagnostics told;
  for (Diagnostic d : found.list()) {
    const auto own = std::find_if(faults_.begin(), faults_.end(), [&](const Diagnostic& fault) {
      return d.code != fault.code && d.message.ends_with(fault.message);
    });
    if (own != faults_.end()) {
      const Label primary = std::move(d.primary);
      d = *own;
      d.primary = primary;
    }
    told.add(std::move(d));
  }
  return told;
}

Result<std::string> LockedSources::read_locked(const std::string& path) const {
  const LockedFile* locked = find_file(path);
  if (!resolves(path) && locked) {
    if (locked->content) return *locked->content;
    return error("E443", fmt::format("the file is not here, and the lock has no more than its "
                                     "digest, as it has {}",
                                     format_bytes(locked->size)))
        .in(path)
        .hint(fmt::format("inarch lock {} --keep {}MB, where the sources are",
                          escape_for_terminal(recipe_), locked->size / 1'000'000 + 1));
  }
  auto text = world_.read_text(path);
  if (!text) return text;
  if (!locked) {
    return not_locked(fmt::format("the lock does not know {}", escape_for_terminal(path)));
  }
  const bool same = static_cast<std::int64_t>(text->size()) == locked->size &&
                    sha256_hex(*text) == locked->sha256;
  if (same) return text;
  return differs(path, fmt::format("{} is not what was locked", escape_for_terminal(locked->name)));
}

Result<FileFingerprint> LockedSources::fingerprint(const std::string& path) {
  const LockedFile* locked = find_file(path);
  if (!resolves(path) && locked) return FileFingerprint{locked->size, locked->sha256};
  auto print = world_.fingerprint(path);
  if (!print) return print;
  if (!locked)
    return not_locked(fmt::format("the lock does not know {}", escape_for_terminal(path)));
  if (print->size == locked->size && print->sha256 == locked->sha256) return print;
  return differs(path, fmt::format("{} is not what was locked", escape_for_terminal(locked->name)));
}

void LockedSources::remember_bytes(const LockedSource& locked, const Checkpoint& stored) {
  for (const auto& [number, bytes] : locked.values) {
    const TensorInfo& tensor = locked.tensors[number];
    bytes_[{stored.files[tensor.file].path, tensor.offset}] = &bytes;
  }
}

Result<Value> LockedSources::read_tensor(const Checkpoint& checkpoint, const TensorInfo& tensor) {
  const std::string& path = checkpoint.files[tensor.file].path;
  const auto bytes = bytes_.find({path, tensor.offset});
  const bool known = bytes != bytes_.end();
  if (!hollow_.contains(path)) {
    auto values = world_.read_tensor(checkpoint, tensor);
    if (!values || !known) return values;
    const auto was = values_of_bytes(checkpoint, tensor, *bytes->second);
    if (was && *was == *values) return values;
    return differs(path, fmt::format("tensor '{}' has other values than were locked",
                                     escape_for_terminal(tensor.name)));
  }
  if (known) return values_of_bytes(checkpoint, tensor, *bytes->second);
  return error("E443", fmt::format("the lock has no values of tensor '{}', which has {}",
                                   escape_for_terminal(tensor.name), format_bytes(tensor.bytes)))
      .hint(fmt::format("inarch lock {} --keep {}MB, where the sources are",
                        escape_for_terminal(recipe_), tensor.bytes / 1'000'000 + 1));
}

}  // namespace inarch
