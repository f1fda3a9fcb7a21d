#include "runtime/executor/run.h"

#include <algorithm>
#include <chrono>
#include <new>
#include <numeric>
#include <optional>

#include <fmt/format.h>

#include "compiler/plan/plan_check.h"
#include "compiler/plan/plan_json.h"
#include "compiler/support/sha256.h"
#include "compiler/support/sizes.h"
#include "compiler/support/text.h"
#include "runtime/executor/check_work.h"
#include "runtime/executor/input_files.h"
#include "runtime/executor/journal.h"
#include "runtime/executor/logits_agree.h"
#include "runtime/executor/manifest.h"
#include "runtime/executor/measure_ranks.h"
#include "runtime/executor/memory_use.h"
#include "runtime/executor/output_shards.h"
#include "runtime/executor/progress_phase.h"
#include "runtime/executor/resume_work.h"
#include "runtime/executor/schedule.h"
#include "runtime/executor/side_files.h"
#include "runtime/executor/step_work.h"
#include "runtime/executor/up_to_date.h"
#include "runtime/io/directory.h"
#include "runtime/io/output_dir.h"
#include "runtime/kernels/gemm.h"

namespace inarch {

namespace {

/// One run, told from top to bottom by execute(). Each step returns false once the outcome is
/// settled.
class Run {
 public:
  Run(const Plan& plan, const RunOptions& options, Progress& progress, Diagnostics& diagnostics)
      : plan_(plan), options_(options), progress_(progress), diagnostics_(diagnostics) {}

  RunReport execute() {
    const auto start = std::chrono::steady_clock::now();
    try {
      // The target is looked at again under the lock: another run may just have come to its end.
      (void)(accept_plan() && open_sources() && accept_target() && take_lock() && accept_target() &&
             open_work() && build() && confirm_sources() && check_values() && finish_files() &&
             check_logits() && publish_all());
    } catch (...) {
      (void)clear_work();
      throw;
    }
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    report_.seconds = elapsed.count();
    report_.bytes_read = inputs_.bytes_read();
    report_.peak_memory = peak_resident_bytes();
    return report_;
  }

 private:
  bool accept_plan();
  bool open_sources();
  bool accept_target();
  bool take_lock();
  bool open_work();
  bool resume();
  bool start_afresh();
  bool build();
  bool confirm_sources();
  bool check_values();
  bool finish_files();
  bool check_logits();
  bool publish_all();

  bool settle(Outcome outcome) {
    report_.outcome = outcome;
    return false;
  }
  bool settle(Outcome outcome, Diagnostic diagnostic) {
    diagnostics_.add(std::move(diagnostic));
    return settle(outcome);
  }
  Status clear_work() {
    shards_.reset();
    return work_.empty() ? Status() : remove_tree(work_);
  }
  /// Ends the run and leaves nothing of it behind.
  bool abandon(Outcome outcome) {
    report_.output_digest.clear();
    if (Status status = clear_work(); !status) diagnostics_.add(std::move(status.error()));
    return settle(outcome);
  }
  bool abandon(Outcome outcome, Diagnostic diagnostic) {
    diagnostics_.add(std::move(diagnostic));
    return abandon(outcome);
  }
  /// After units were run: false when that settled the outcome.
  bool accept(ScheduleResult result);

  std::string journal_path() const { return join_path(work_, journal_name); }
  std::string identity() const;
  ScheduleLimits limits() const;
  RunState state() {
    return {plan_, options_.cut, inputs_, *shards_, *pieces_, journal_, factors_, units_};
  }
  std::vector<Manifest::Factors> factors_found() const;
  Manifest make_manifest(std::vector<Manifest::SideFile> files) const;

  const Plan& plan_;
  const RunOptions& options_;
  Progress& progress_;
  Diagnostics& diagnostics_;
  RunReport report_;
  InputFiles inputs_;
  std::optional<OutputLock> lock_;
  std::string work_;
  std::vector<Unit> units_;
  std::vector<bool> finished_;  // by unit: found done by an earlier run
  std::optional<PieceTable> pieces_;
  std::optional<OutputShards> shards_;
  Journal journal_;
  FactorTable factors_;
};

bool Run::accept_plan() {
  if (Status status = check_plan(plan_, "the plan"); !status) {
    return settle(Outcome::rejected, std::move(status.error()));
  }
  if (has_open_ranks(plan_)) {
    return settle(Outcome::rejected,
                  error("E615", "the plan has factors whose ranks were not measured")
                      .hint("run the recipe itself, or give it a --ranks file"));
  }
  report_.plan_digest = plan_digest(plan_);
  const std::int64_t least = least_memory(plan_);
  if (options_.memory >= least) return true;
  return settle(Outcome::rejected, over_budget(plan_, options_.memory, least));
}

bool Run::open_sources() {
  raise_file_limit();
  if (!inputs_.open_sources(plan_, diagnostics_)) return settle(Outcome::rejected);
  return true;
}

bool Run::accept_target() {
  for (const PlanSource& source : plan_.sources) {
    for (const FileIdentity& file : source.files) {
      if (Status status = check_not_source(options_.output, file.path); !status) {
        return settle(Outcome::rejected, std::move(status.error()));
      }
    }
  }
  if (const auto digest =
          up_to_date_digest(options_.output, plan_, report_.plan_digest, inputs_.identities())) {
    report_.output_digest = *digest;
    if (Status status = clear_replaced(options_.output, journal_name); !status)
      return settle(Outcome::failed, std::move(status.error()));
    return settle(Outcome::up_to_date);
  }
  Status status = check_target(options_.output, options_.force);
  if (status.ok()) return true;
  const bool taken = status.error().code == "E705";
  return settle(taken ? Outcome::rejected : Outcome::failed, std::move(status.error()));
}

bool Run::take_lock() {
  auto lock = lock_output(options_.output);
  if (!lock) {
    const bool busy = lock.error().code == "E704";
    return settle(busy ? Outcome::busy : Outcome::failed, std::move(lock.error()));
  }
  lock_ = std::move(*lock);
  return true;
}

std::string Run::identity() const {
  Sha256 sources;
  for (const auto& files : inputs_.identities()) {
    for (const FileIdentity& file : files) {
      sources.update(fmt::format("{}\n{} {} {} {}\n", file.path, file.size, file.mtime_ns,
                                 file.inode, file.header_sha256));
    }
  }
  const Cut& cut = options_.cut;
  return fmt::format("inarch-journal/1 plan {} tool {} sources {} cut {} {} {}",
                     report_.plan_digest, plan_.tool_version, sources.hex(), cut.unit_bytes,
                     cut.transpose_unit_bytes, cut.copy_unit_bytes);
}

ScheduleLimits Run::limits() const {
  const std::int64_t fixed = process_base_bytes + metadata_bytes(plan_);
  return {options_.jobs, options_.memory - fixed, options_.stop};
}

bool Run::open_work() {
  work_ = work_dir_for(options_.output);
  auto work = open_work_dir(options_.output);
  if (!work) return settle(Outcome::failed, std::move(work.error()));
  units_ = cut_into_units(plan_, options_.cut);
  finished_.assign(units_.size(), false);
  pieces_.emplace(plan_);
  shards_.emplace(plan_, work_);
  return resume();
}

bool Run::resume() {
  JournalContent journal = read_journal(journal_path(), identity());
  if (!journal.found) return start_afresh();
  if (!journal.matches || !shards_->reopen()) {
    diagnostics_.add(warning("W710",
                             "an interrupted run was found, but of another plan, version or state "
                             "of the sources; its work is discarded")
                         .in(options_.output));
    return start_afresh();
  }
  for (const FactorReport& report : journal.factors) factors_.add(report);
  std::vector<FinishedUnit> claimed;
  std::int64_t total = 0;
  std::vector<bool> seen(units_.size());
  for (const FinishedUnit& unit : journal.finished) {
    const auto number = static_cast<std::size_t>(unit.unit);
    if (unit.unit < 0 || number >= units_.size() || seen[number]) continue;
    seen[number] = true;
    total += units_[number].bytes;
    claimed.push_back(unit);
  }
  ProgressPhase phase(progress_, "resuming", total);
  ResumeWork work(state(), std::move(claimed), phase);
  if (!accept(run_units(work, limits()))) return false;
  finished_ = work.finished();
  Status status = journal_.reopen(journal_path());
  return status.ok() || abandon(Outcome::failed, std::move(status.error()));
}

bool Run::start_afresh() {
  if (Status status = remove_tree(work_); !status) {
    return abandon(Outcome::failed, std::move(status.error()));
  }
  auto work = open_work_dir(options_.output);
  if (!work) return settle(Outcome::failed, std::move(work.error()));
  for (const OutputPart& part : plan_.parts) {
    if (Status status = make_directories(join_path(work_, part.directory)); !status) {
      return abandon(Outcome::failed, std::move(status.error()));
    }
  }
  if (Status status = shards_->create(); !status) {
    return abandon(Outcome::failed, std::move(status.error()));
  }
  Status status = journal_.create(journal_path(), identity());
  return status.ok() || abandon(Outcome::failed, std::move(status.error()));
}

/// What cannot be read stays as it is and may be readable next time; what cannot be written leaves
/// nothing behind, since a full disk must not stay full.
bool Run::accept(ScheduleResult result) {
  report_.peak_tracked = std::max(report_.peak_tracked, result.peak_memory);
  if (result.fault) {
    const std::string& code = result.fault->code;
    const bool reading = code == "E701";
    const bool values = code == "E721" || code == "E722" || code == "E723";  // are not as they must
    if (!reading)
      return abandon(values ? Outcome::rejected : Outcome::failed, std::move(*result.fault));
    diagnostics_.add(std::move(*result.fault));
    if (!inputs_.still_unchanged(diagnostics_)) return abandon(Outcome::failed);
    return settle(Outcome::failed);
  }
  return !result.stopped || settle(Outcome::interrupted);
}

bool Run::build() {
  std::vector<std::int64_t> pending;
  std::int64_t total = 0;
  for (std::size_t i = 0; i < units_.size(); ++i) {
    if (finished_[i]) {
      report_.bytes_resumed += units_[i].bytes;
    } else {
      pending.push_back(static_cast<std::int64_t>(i));
      total += units_[i].bytes;
    }
  }
  ProgressPhase phase(progress_, "building", total);
  StepWork work(state(), pending, phase);
  ScheduleResult result = run_units(work, limits());
  report_.bytes_copied = work.bytes_copied();
  report_.bytes_computed = work.bytes_computed();
  if (!accept(std::move(result))) return false;
  Status status = shards_->wait();
  return status.ok() || abandon(Outcome::failed, std::move(status.error()));
}

bool Run::confirm_sources() {
  return inputs_.still_unchanged(diagnostics_) || abandon(Outcome::failed);
}

bool Run::check_values() {
  if (plan_.checks.empty()) return true;
  std::vector<std::size_t> all(plan_.checks.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  std::int64_t total = 0;
  for (const PlanCheck& check : plan_.checks) total += CheckWork::bytes(check);
  inputs_.set_shards(&shards_->files());
  ProgressPhase phase(progress_, "checking", total);
  CheckWork work(plan_, std::move(all), inputs_, options_.cut, phase);
  if (!accept(run_units(work, limits()))) return false;
  const std::size_t before = diagnostics_.errors();
  work.report(diagnostics_);
  return diagnostics_.errors() == before || abandon(Outcome::rejected);
}

Manifest Run::make_manifest(std::vector<Manifest::SideFile> files) const {
  Manifest m;
  m.tool_version = plan_.tool_version;
  m.recipe_name = plan_.recipe_name;
  m.recipe_path = plan_.recipe_path;
  m.recipe_sha256 = plan_.recipe_sha256;
  m.plan_digest = report_.plan_digest;
  m.parts = plan_.parts;
  m.sources = plan_.sources;
  for (std::size_t s = 0; s < m.sources.size(); ++s) m.sources[s].files = inputs_.identities()[s];
  for (const OutputShard& shard : plan_.shards) {
    m.shards.push_back({shard.name, shard.size, sha256_hex(std::string_view(shard.header))});
  }
  m.files = std::move(files);
  for (std::uint32_t i = 0; i < plan_.outputs.size(); ++i) {
    const OutputTensor& output = plan_.outputs[i];
    m.tensors.push_back({output.name, output.dtype, output.shape, plan_.shards[output.shard].name,
                         pieces_->of_output(i)});
  }
  m.factors = factors_found();
  m.output_digest = digest_of_tensors(m.tensors);
  if (has_products(plan_)) m.products = gemm_processor();
  m.checks = plan_.checks;
  m.logits_checks = plan_.logits_checks;
  return m;
}

/// Those of outputs: what a check factors for itself is nobody's.
std::vector<Manifest::Factors> Run::factors_found() const {
  std::vector<Manifest::Factors> found;
  for (const FactorReport& report : factors_.list()) {
    if (report.step >= plan_.steps.size()) continue;
    const auto* compute = std::get_if<ComputeStep>(&plan_.steps[report.step].work);
    if (compute == nullptr || report.op >= compute->program.size()) continue;
    const auto* op = if_boxed<LowRankOp>(compute->program[report.op].data);
    if (op == nullptr) continue;
    Manifest::Factors factors;
    factors.tensors.push_back(plan_.outputs[plan_.steps[report.step].first_output].name);
    for (std::size_t s = report.step + 1; s < plan_.steps.size(); ++s) {
      if (!plan_.steps[s].shares_before) break;
      factors.tensors.push_back(plan_.outputs[plan_.steps[s].first_output].name);
    }
    factors.rows = op->rows;
    factors.columns = op->columns;
    factors.rank = op->rank;
    factors.exact = report.exact;
    factors.relative_error = report.relative_error();
    if (compute->program[report.op].inputs.size() > 1)
      factors.weighted_error = report.weighted_relative_error();
    found.push_back(std::move(factors));
  }
  return found;
}

bool Run::finish_files() {
  auto files = write_side_files(plan_, work_);
  if (!files) {
    const bool rejected = files.error().code == "E718";
    return abandon(rejected ? Outcome::rejected : Outcome::failed, std::move(files.error()));
  }
  for (const Manifest::SideFile& file : *files) report_.bytes_written += file.size;
  for (const OutputShard& shard : plan_.shards) report_.bytes_written += shard.size;
  const Manifest manifest = make_manifest(std::move(*files));
  report_.output_digest = manifest.output_digest;
  report_.factors = manifest.factors;
  Status status = write_small_file(join_path(work_, manifest_name), write_manifest(manifest));
  return status.ok() || abandon(Outcome::failed, std::move(status.error()));
}

bool Run::check_logits() {
  if (plan_.logits_checks.empty()) return true;
  const ProgressPhase phase(progress_, "running", 0);
  const ForwardOptions options{options_.jobs, options_.memory - metadata_bytes(plan_),
                               Rounding::f32, options_.stop};
  bool all = true;
  for (const PlanLogitsCheck& check : plan_.logits_checks) {
    auto holds = logits_agree(plan_, check, work_, options, diagnostics_);
    if (!holds.ok()) {
      if (holds.error().code == "E588") return settle(Outcome::interrupted);
      return abandon(Outcome::rejected, holds.error());
    }
    all = (*holds || check.claim.warns) && all;
  }
  return all || abandon(Outcome::rejected);
}

bool Run::publish_all() {
  const ProgressPhase phase(progress_, "publishing", 0);
  shards_.reset();  // closes the files
  if (Status status = publish(work_, options_.output, options_.force, {journal_name}); !status) {
    return abandon(Outcome::failed, std::move(status.error()));
  }
  report_.outcome = Outcome::done;
  return true;
}

}  // namespace

RunReport run(const Plan& plan, const RunOptions& options, Progress& progress,
              Diagnostics& diagnostics) {
  RunReport failed;
  try {
    return Run(plan, options, progress, diagnostics).execute();
  } catch (const std::bad_alloc&) {
    diagnostics.add(error("E902", "out of memory").hint("lower --jobs or --memory"));
  } catch (const std::exception& fault) {
    diagnostics.add(error("E903", fmt::format("internal failure: {}", fault.what())));
  }
  failed.peak_memory = peak_resident_bytes();
  return failed;
}

}  // namespace inarch
