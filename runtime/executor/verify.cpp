#include "runtime/executor/verify.h"

#include <algorithm>
#include <limits>
#include <map>
#include <new>
#include <set>

#include <fmt/format.h>

#include "compiler/plan/memory_model.h"
#include "compiler/plan/output_names.h"
#include "compiler/plan/plan_check.h"
#include "compiler/support/sizes.h"
#include "compiler/support/text.h"
#include "runtime/executor/check_work.h"
#include "runtime/executor/hash_work.h"
#include "runtime/executor/input_files.h"
#include "runtime/executor/logits_agree.h"
#include "runtime/executor/manifest.h"
#include "runtime/executor/side_files.h"
#include "runtime/io/directory.h"
#include "runtime/io/safetensors_header.h"

namespace inarch {

namespace {

bool reads_sources(const Program& program) {
  return std::any_of(program.begin(), program.end(), [](const Op& op) {
    const auto* read = std::get_if<ReadOp>(&op.data);
    return read != nullptr && !read->from_output;
  });
}

class Verification {
 public:
  Verification(const std::string& output, const VerifyOptions& options, Progress& progress,
               Diagnostics& diagnostics)
      : output_(output), options_(options), progress_(progress), diagnostics_(diagnostics) {}

  VerifyReport execute() {
    auto manifest = load_manifest(output_);
    if (!manifest) {
      diagnostics_.add(std::move(manifest.error()));
      return report_;
    }
    manifest_ = std::move(*manifest);
    check_side_files();
    const bool readable = open_shards();
    match_tensors();
    if (!hash_tensors()) return report_;
    // Checks read tensors by their place, which only means something in the shards of the manifest.
    if (readable && !(run_checks() && run_logits_checks())) return report_;
    report_.complete = true;
    return report_;
  }

 private:
  void fail(const char* code, const std::string& name, std::string message) {
    diagnostics_.add(error(code, std::move(message)).in(join_path(output_, name)));
  }
  ScheduleLimits limits() const {
    return {options_.jobs, std::numeric_limits<std::int64_t>::max() / 2, options_.stop};
  }
  bool accept(ScheduleResult result) {
    if (result.fault) diagnostics_.add(std::move(*result.fault));
    return !result.stopped;
  }

  void check_side_files();
  bool open_shards();
  bool open_shard(std::uint32_t number);
  void find_strangers(const std::string& directory);
  void report_missing(const std::string& file, const std::vector<std::string>& names);
  void match_tensors();
  bool hash_tensors();
  bool run_checks();
  bool run_logits_checks();
  std::vector<std::size_t> choose_checks(const Plan& plan, InputFiles& inputs);

  const std::string& output_;
  const VerifyOptions& options_;
  Progress& progress_;
  Diagnostics& diagnostics_;
  VerifyReport report_;
  Manifest manifest_;
  std::vector<File> shards_;       // by shard of the manifest; not open when it is unusable
  std::vector<TensorInfo> found_;  // `file` is the shard's number
  std::vector<HashTask> tasks_;
  std::vector<const Manifest::Tensor*> expected_;  // by task
};

void Verification::check_side_files() {
  for (const Manifest::SideFile& file : manifest_.files) {
    const auto digest = sha256_of_file(join_path(output_, file.name));
    if (!digest) {
      fail("E813", file.name, "the file is missing or unreadable: " + digest.error().message);
    } else if (*digest != file.sha256) {
      fail("E813", file.name, "the file has been changed since it was written");
    }
  }
}

bool Verification::open_shard(std::uint32_t number) {
  const Manifest::Shard& shard = manifest_.shards[number];
  const std::string path = join_path(output_, shard.name);
  Diagnostics found;
  auto header = read_safetensors_header(path, shard.name, found);
  if (!header) {
    const std::string why = found.list().empty() ? "" : ": " + found.list().front().message;
    fail("E813", shard.name, "the file is missing or no longer readable" + why);
    return false;
  }
  if (header->identity.header_sha256 != shard.header_sha256) {
    fail("E814", shard.name, "the header has been changed since it was written");
  }
  for (TensorInfo& tensor : header->tensors) {
    tensor.file = number;
    found_.push_back(std::move(tensor));
  }
  auto file = open_read(path);
  if (!file) {
    diagnostics_.add(std::move(file.error()));
    return false;
  }
  shards_[number] = std::move(*file);
  return header->identity.size == shard.size &&
         header->identity.header_sha256 == shard.header_sha256;
}

bool Verification::open_shards() {
  bool readable = true;
  shards_.resize(manifest_.shards.size());
  for (std::uint32_t number = 0; number < manifest_.shards.size(); ++number) {
    if (!open_shard(number)) readable = false;
  }
  find_strangers("");
  for (const OutputPart& part : manifest_.parts) find_strangers(part.directory + "/");
  return readable;
}

/// Weights that lie in the output, or in `directory` of it, and do not belong there.
void Verification::find_strangers(const std::string& directory) {
  std::set<std::string_view> known;
  for (const Manifest::Shard& shard : manifest_.shards) known.insert(shard.name);
  const auto entries = list_directory(join_path(output_, directory));
  if (!entries) return;
  for (const DirectoryEntry& entry : *entries) {
    const std::string name = directory + entry.name;
    if (!name.ends_with(".safetensors") || known.contains(name)) continue;
    fail("E812", name, "the file is not part of what was built");
  }
}

/// A shard that is gone takes thousands of tensors with it.
void Verification::report_missing(const std::string& file, const std::vector<std::string>& names) {
  fail("E812", file,
       names.size() == 1
           ? fmt::format("tensor {} is missing", names.front())
           : fmt::format("{} tensors are missing: {}", names.size(), join_names(names, 3)));
}

/// Pairs tensors of the manifest with those of the headers.
void Verification::match_tensors() {
  using Key = std::pair<std::string_view, std::string_view>;  // the part's directory, the name
  std::map<Key, const TensorInfo*> found;
  for (const TensorInfo& tensor : found_) {
    const std::string_view directory = directory_of(manifest_.shards[tensor.file].name);
    found.emplace(Key(directory, tensor.name), &tensor);
  }
  std::map<std::string_view, std::vector<std::string>> missing;  // by file
  for (const Manifest::Tensor& expected : manifest_.tensors) {
    const std::string name = escape_for_terminal(expected.name);
    const auto match = found.find(Key(directory_of(expected.file), expected.name));
    if (match == found.end()) {
      missing[expected.file].push_back(fmt::format("'{}'", name));
      continue;
    }
    const TensorInfo& tensor = *match->second;
    found.erase(match);
    if (tensor.dtype != expected.dtype || tensor.shape != expected.shape) {
      fail("E812", expected.file,
           fmt::format("tensor '{}' is {} {}, built as {} {}", name, header_name(tensor.dtype),
                       format_shape(tensor.shape), header_name(expected.dtype),
                       format_shape(expected.shape)));
      continue;
    }
    if (!shards_[tensor.file].is_open()) continue;
    tasks_.push_back({tensor, {}});
    expected_.push_back(&expected);
  }
  for (const auto& [file, names] : missing) report_missing(std::string(file), names);
  for (const auto& [key, tensor] : found) {
    fail("E812", manifest_.shards[tensor->file].name,
         fmt::format("tensor '{}' is not part of what was built",
                     escape_for_terminal(tensor->name)));
  }
}

bool Verification::hash_tensors() {
  std::int64_t total = 0;
  for (const HashTask& task : tasks_) total += task.tensor.bytes;
  ProgressPhase phase(progress_, "verifying", total);
  HashWork work(shards_, tasks_, phase);
  const bool finished = accept(run_units(work, limits()));
  report_.bytes = work.bytes();
  std::vector<Manifest::Tensor> hashed;
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    if (tasks_[i].digest.empty()) continue;
    ++report_.tensors;
    hashed.push_back(*expected_[i]);
    hashed.back().digest = tasks_[i].digest;
    if (tasks_[i].digest == expected_[i]->digest) continue;
    fail("E811", manifest_.shards[tasks_[i].tensor.file].name,
         fmt::format("the bytes of tensor '{}' are not those that were written",
                     escape_for_terminal(expected_[i]->name)));
  }
  report_.output_digest = digest_of_tensors(hashed);
  return finished;
}

/// Whether the sources are still there, and as they were.
bool has_sources(const Plan& plan, InputFiles& inputs) {
  Diagnostics ignored;
  bool sources = inputs.open_sources(plan, ignored);
  for (std::size_t s = 0; sources && s < plan.sources.size(); ++s) {
    sources = inputs.identities()[s] == plan.sources[s].files;
  }
  return sources;
}

std::vector<std::size_t> Verification::choose_checks(const Plan& plan, InputFiles& inputs) {
  const bool sources = has_sources(plan, inputs);
  std::vector<std::size_t> chosen;
  for (std::size_t c = 0; c < plan.checks.size(); ++c) {
    const PlanCheck& check = plan.checks[c];
    if (!sources && (reads_sources(check.left) || reads_sources(check.right))) {
      report_.checks_skipped.push_back(check.description);
    } else {
      chosen.push_back(c);
    }
  }
  return chosen;
}

bool Verification::run_checks() {
  if (manifest_.checks.empty()) return true;
  Plan plan;
  plan.sources = manifest_.sources;
  plan.checks = manifest_.checks;
  for (const Manifest::Shard& shard : manifest_.shards) {
    plan.shards.push_back({shard.name, {}, shard.size});
  }
  Status status = check_programs(plan, join_path(output_, manifest_name));
  if (!status && status.error().code == "E613") {
    state_memory(plan);  // built by a version with another memory model
    status = check_programs(plan, join_path(output_, manifest_name));
  }
  if (!status) {
    fail("E810", manifest_name, "its checks are unusable: " + status.error().message);
    return true;
  }
  InputFiles inputs;
  std::vector<std::size_t> chosen = choose_checks(plan, inputs);
  inputs.set_shards(&shards_);
  std::int64_t total = 0;
  for (const std::size_t c : chosen) total += CheckWork::bytes(plan.checks[c]);
  const auto count = static_cast<std::int64_t>(chosen.size());
  ProgressPhase phase(progress_, "checking", total);
  const Cut cut;
  CheckWork work(plan, std::move(chosen), inputs, cut, phase);
  if (!accept(run_units(work, limits()))) return false;
  report_.checks_run = count - work.report(diagnostics_);
  return true;
}

bool Verification::run_logits_checks() {
  if (manifest_.logits_checks.empty()) return true;
  Plan plan;
  plan.sources = manifest_.sources;
  plan.parts = manifest_.parts;
  plan.logits_checks = manifest_.logits_checks;
  if (Status status = check_programs(plan, join_path(output_, manifest_name)); !status) {
    fail("E810", manifest_name, "its checks are unusable: " + status.error().message);
    return true;
  }
  InputFiles inputs;
  const bool sources = has_sources(plan, inputs);
  const ProgressPhase phase(progress_, "running", 0);
  const ForwardOptions forward{options_.jobs, options_.memory, Rounding::f32, options_.stop};
  for (const PlanLogitsCheck& check : plan.logits_checks) {
    const LogitsClaim& claim = check.claim;
    if (!sources && !(claim.left.is_output && claim.right.is_output)) {
      report_.checks_skipped.push_back(claim.description);
      continue;
    }
    const auto holds = logits_agree(plan, check, output_, forward, diagnostics_);
    if (!holds.ok() && holds.error().code == "E588") return false;
    if (!holds.ok()) {
      diagnostics_.add(holds.error());
    } else if (*holds) {
      ++report_.checks_run;
    }
  }
  return true;
}

}  // namespace

VerifyReport verify(const std::string& output, const VerifyOptions& options, Progress& progress,
                    Diagnostics& diagnostics) {
  try {
    return Verification(output, options, progress, diagnostics).execute();
  } catch (const std::bad_alloc&) {
    diagnostics.add(error("E902", "out of memory").hint("lower --jobs"));
  } catch (const std::exception& fault) {
    diagnostics.add(error("E903", fmt::format("internal failure: {}", fault.what())));
  }
  return {};
}

}  // namespace inarch
