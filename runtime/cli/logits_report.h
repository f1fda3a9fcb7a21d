#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/cli/tensor_file.h"
#include "runtime/forward/forward_pass.h"

namespace inarch {

/// Takes the logits of the last token of each sequence, and writes those that are shown to a file,
/// if there is one, as `sequence.{s}` [tokens, vocabulary] f32.
class LogitsCollector : public ForwardObserver {
 public:
  LogitsCollector(const std::vector<TokenSequence>& sequences, LogitsOf of, std::int64_t vocabulary,
                  const TensorFile* file);

  void logits(std::size_t sequence, std::int64_t first_token, std::int64_t tokens,
              std::int64_t first_id, std::int64_t ids, const float* values) override;

  std::int64_t bytes() const;
  /// Why the file could not be written.
  const Status& written() const { return written_; }
  /// The logits [vocabulary] of a sequence's last token.
  const std::vector<float>& last(std::size_t sequence) const { return last_[sequence]; }

 private:
  const std::vector<TokenSequence>& sequences_;
  LogitsOf of_;
  std::int64_t vocabulary_;
  const TensorFile* file_;
  std::vector<std::vector<float>> last_;
  std::mutex mutex_;
  Status written_;
};

/// The tensors of that file.
std::vector<TensorInfo> logits_tensors(const std::vector<TokenSequence>& sequences, LogitsOf of,
                                       std::int64_t vocabulary);

/// A token that may come next.
struct LikelyToken {
  std::int64_t id = 0;
  double logit = 0;
  double probability = 0;
};
/// The `most` likeliest, likeliest first, and of equal ones the first.
std::vector<LikelyToken> likeliest(const std::vector<float>& logits, std::int64_t most);

std::string logits_text(const std::vector<TokenSequence>& sequences,
                        const LogitsCollector& collected, std::int64_t most, std::size_t width);
std::string logits_json(const std::vector<TokenSequence>& sequences,
                        const LogitsCollector& collected, std::int64_t most);

}  // namespace inarch
