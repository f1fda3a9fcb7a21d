#include "runtime/cli/logits_report.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "compiler/core/json.h"
#include "runtime/cli/text_table.h"

namespace inarch {

LogitsCollector::LogitsCollector(const std::vector<TokenSequence>& sequences, LogitsOf of,
                                 std::int64_t vocabulary, const TensorFile* file)
    : sequences_(sequences), of_(of), vocabulary_(vocabulary), file_(file) {
  last_.assign(sequences.size(), std::vector<float>(static_cast<std::size_t>(vocabulary)));
}

std::int64_t LogitsCollector::bytes() const {
  // The last sort of ids and their logits counts twice.
  return static_cast<std::int64_t>(last_.size() + 4) * vocabulary_ * std::int64_t{sizeof(float)};
}

void LogitsCollector::logits(std::size_t sequence, std::int64_t first_token, std::int64_t tokens,
                             std::int64_t first_id, std::int64_t ids, const float* values) {
  const auto length = static_cast<std::int64_t>(sequences_[sequence].size());
  if (first_token + tokens == length)
    std::copy_n(values + (tokens - 1) * ids, ids, last_[sequence].data() + first_id);
  if (file_ == nullptr) return;
  for (std::int64_t t = 0; t < tokens; ++t) {
    const std::int64_t row = of_ == LogitsOf::last_token ? 0 : first_token + t;
    const auto bytes = std::as_bytes(std::span(values + t * ids, static_cast<std::size_t>(ids)));
    Status status =
        file_->write(sequence, (row * vocabulary_ + first_id) * std::int64_t{sizeof(float)}, bytes);
    if (status) continue;
    const std::scoped_lock lock(mutex_);
    if (written_) written_ = std::move(status);
    return;
  }
}

std::vector<TensorInfo> logits_tensors(const std::vector<TokenSequence>& sequences, LogitsOf of,
                                       std::int64_t vocabulary) {
  std::vector<TensorInfo> tensors;
  for (std::size_t s = 0; s < sequences.size(); ++s) {
    TensorInfo tensor;
    tensor.name = fmt::format("sequence.{}", s);
    tensor.dtype = DType::f32;
    const auto tokens = static_cast<std::int64_t>(sequences[s].size());
    tensor.shape = {of == LogitsOf::last_token ? 1 : tokens, vocabulary};
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

std::vector<LikelyToken> likeliest(const std::vector<float>& logits, std::int64_t most) {
  std::vector<std::int32_t> ids(logits.size());
  std::iota(ids.begin(), ids.end(), 0);
  const auto count = std::min<std::size_t>(static_cast<std::size_t>(most), ids.size());
  std::partial_sort(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(count), ids.end(),
                    [&](std::int32_t a, std::int32_t b) {
                      const float x = logits[static_cast<std::size_t>(a)];
                      const float y = logits[static_cast<std::size_t>(b)];
                      return x > y || (x == y && a < b);
                    });
  const double greatest = static_cast<double>(logits[static_cast<std::size_t>(ids.front())]);
  double sum = 0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit) - greatest);
  std::vector<LikelyToken> tokens;
  for (std::size_t k = 0; k < count; ++k) {
    const auto logit = static_cast<double>(logits[static_cast<std::size_t>(ids[k])]);
    tokens.push_back({ids[k], logit, std::exp(logit - greatest) / sum});
  }
  return tokens;
}

std::string logits_text(const std::vector<TokenSequence>& sequences,
                        const LogitsCollector& collected, std::int64_t most, std::size_t width) {
  std::string out;
  for (std::size_t s = 0; s < sequences.size(); ++s) {
    out += fmt::format("{}after the {} token{} of sequence {}\n", s == 0 ? "" : "\n",
                       sequences[s].size(), sequences[s].size() == 1 ? "" : "s", s);
    TextTable table(
        {{"token"}, {"logit", TextTable::Align::right}, {"probability", TextTable::Align::right}});
    for (const LikelyToken& token : likeliest(collected.last(s), most)) {
      table.add({fmt::format("{}", token.id), fmt::format("{:.4f}", token.logit),
                 fmt::format("{:.4f}", token.probability)});
    }
    out += table.text(width);
  }
  return out;
}

std::string logits_json(const std::vector<TokenSequence>& sequences,
                        const LogitsCollector& collected, std::int64_t most) {
  Value::List list;
  for (std::size_t s = 0; s < sequences.size(); ++s) {
    Value::List top;
    for (const LikelyToken& token : likeliest(collected.last(s), most)) {
      top.push_back(
          Value::Map{{"id", token.id}, {"logit", token.logit}, {"probability", token.probability}});
    }
    list.push_back(Value::Map{{"tokens", static_cast<std::int64_t>(sequences[s].size())},
                              {"top", std::move(top)}});
  }
  const Value object = Value::Map{{"schema", "inarch/logits/1"}, {"sequences", std::move(list)}};
  return write_json(object, JsonStyle::compact) + "\n";
}

}  // namespace inarch
