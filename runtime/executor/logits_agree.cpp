#include "runtime/executor/logits_agree.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>

#include <fmt/format.h>

#include "compiler/support/sizes.h"
#include "compiler/support/text.h"
#include "runtime/forward/forward_pass.h"
#include "runtime/io/directory.h"

namespace inarch {

namespace {

/// How far the logits of two models are apart, over all tokens of some prompts.
struct LogitsDistance {
  double difference = 0;  // the largest
  double largest = 0;     // magnitude of any
  std::size_t prompt = 0;
  std::int64_t token = 0;  // where they differ most
};

/// Infinite where either is no number or infinite, and so above every limit.
double distance(double a, double b) {
  const double difference = std::abs(a - b);
  return std::isfinite(difference) ? difference : std::numeric_limits<double>::infinity();
}

/// Where each sequence begins among the tokens of all.
std::vector<std::int64_t> first_tokens(const std::vector<TokenSequence>& sequences) {
  std::vector<std::int64_t> first{0};
  for (const TokenSequence& sequence : sequences)
    first.push_back(first.back() + static_cast<std::int64_t>(sequence.size()));
  return first;
}

/// The logits [tokens, ids] of one model, for another to be compared with.
class KeptLogits : public ForwardObserver {
 public:
  KeptLogits(const std::vector<TokenSequence>& sequences, std::int64_t ids)
      : first_(first_tokens(sequences)),
        ids_(ids),
        values_(static_cast<std::size_t>(first_.back() * ids)) {}

  void logits(std::size_t sequence, std::int64_t first_token, std::int64_t tokens,
              std::int64_t first_id, std::int64_t ids, const float* values) override {
    for (std::int64_t t = 0; t < tokens; ++t)
      std::copy_n(values + t * ids, ids, row(sequence, first_token + t) + first_id);
  }

  float* row(std::size_t sequence, std::int64_t token) {
    return values_.data() + (first_[sequence] + token) * ids_;
  }
  std::int64_t bytes() const { return static_cast<std::int64_t>(values_.size() * sizeof(float)); }

 private:
  std::vector<std::int64_t> first_;
  std::int64_t ids_;
  std::vector<float> values_;
};

/// Holds the logits of another model against those.
class LogitsComparison : public ForwardObserver {
 public:
  explicit LogitsComparison(KeptLogits& kept) : kept_(kept) {}

  void logits(std::size_t sequence, std::int64_t first_token, std::int64_t tokens,
              std::int64_t first_id, std::int64_t ids, const float* values) override {
    LogitsDistance worst;
    worst.difference = -1;
    for (std::int64_t t = 0; t < tokens; ++t) {
      const float* other = kept_.row(sequence, first_token + t) + first_id;
      for (std::int64_t i = 0; i < ids; ++i) {
        const double a = other[i], b = values[t * ids + i];
        const double difference = distance(a, b);
        worst.largest = std::max({worst.largest, std::abs(a), std::abs(b)});
        if (difference <= worst.difference) continue;
        worst.difference = difference;
        worst.token = first_token + t;
      }
    }
    worst.prompt = sequence;
    const std::scoped_lock lock(mutex_);
    found_.largest = std::max(found_.largest, worst.largest);
    // The first of equal ones, whatever the order in which the threads come.
    const bool before =
        std::pair(worst.prompt, worst.token) < std::pair(found_.prompt, found_.token);
    if (worst.difference < found_.difference || (worst.difference == found_.difference && !before))
      return;
    worst.largest = found_.largest;
    found_ = worst;
  }

  const LogitsDistance& found() const { return found_; }

 private:
  KeptLogits& kept_;
  std::mutex mutex_;
  LogitsDistance found_;
};

/// Runs both models, the paths `left` and `right`; the logits of the one are kept for the other.
Result<LogitsDistance> compare_logits(const std::string& left, const std::string& right,
                                      const std::vector<TokenSequence>& prompts,
                                      const ForwardOptions& options) {
  const auto first = ForwardPass::open(left);
  if (!first.ok()) return first.error();
  const auto second = ForwardPass::open(right);
  if (!second.ok()) return second.error();
  const std::int64_t ids = first->config().vocabulary;
  if (second->config().vocabulary != ids) {
    return error("E825", fmt::format("the left model has {} logits for a token, the right one {}",
                                     format_count(ids), format_count(second->config().vocabulary)));
  }
  for (const ForwardPass* pass : {&*first, &*second}) {
    if (Status good = pass->check(prompts, LogitsOf::all_tokens); !good) return good.error();
  }
  KeptLogits kept(prompts, ids);
  Status status = first->run(prompts, LogitsOf::all_tokens, kept, options, kept.bytes());
  if (!status) return status.error();
  LogitsComparison comparison(kept);
  status = second->run(prompts, LogitsOf::all_tokens, comparison, options, kept.bytes());
  if (!status) return status.error();
  return comparison.found();
}

}  // namespace

Result<bool> logits_agree(const Plan& plan, const PlanLogitsCheck& check, const std::string& output,
                          const ForwardOptions& options, Diagnostics& diagnostics) {
  const LogitsClaim& claim = check.claim;
  const auto path = [&](const ModelRef& model) {
    if (!model.is_output) return plan.sources[model.index].location;
    return plan.parts.empty() ? output : join_path(output, plan.parts[model.index].directory);
  };
  const auto found = compare_logits(path(claim.left), path(claim.right), claim.prompts, options);
  if (!found.ok()) return Diagnostic(found.error()).note("check: " + claim.description);
  const double allowed = claim.tolerance * found->largest;
  const bool finite = std::isfinite(found->difference);
  if (finite && found->difference <= allowed) return true;
  const std::string text =
      fmt::format("{}: {}", escape_for_terminal(claim.description, 400),
                  finite ? fmt::format("the logits differ by up to {:.6g}, expected at most {:.6g}",
                                       found->difference, allowed)
                         : "some logits are infinite or NaN");
  Diagnostic d = claim.warns ? warning("W800", "this does not hold: " + text)
                             : error("E803", "check failed: " + text);
  diagnostics.add(std::move(d)
                      .in(check.origin)
                      .note(fmt::format("{} after token {} of prompt {}", finite ? "most" : "first",
                                        found->token, found->prompt)));
  return false;
}

}  // namespace inarch
