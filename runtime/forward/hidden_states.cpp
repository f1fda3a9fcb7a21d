#include "runtime/forward/hidden_states.h"

#include <utility>

#include "runtime/forward/forward_pass.h"

namespace inarch {

namespace {

class StateObserver : public ForwardObserver {
 public:
  StateObserver(std::size_t sequences, std::int64_t hidden, StateOf of, std::vector<float>& states)
      : sequences_(sequences), hidden_(hidden), of_(of), states_(states) {}

  void layer_input(std::int64_t layer, std::size_t sequence, std::int64_t tokens,
                   const float* state) override {
    const std::size_t place = static_cast<std::size_t>(layer) * sequences_ + sequence;
    float* to = states_.data() + static_cast<std::int64_t>(place) * hidden_;
    for (std::int64_t j = 0; j < hidden_; ++j) {
      if (of_ == StateOf::last_token) {
        to[j] = state[(tokens - 1) * hidden_ + j];
        continue;
      }
      double sum = 0;
      for (std::int64_t t = 0; t < tokens; ++t) sum += static_cast<double>(state[t * hidden_ + j]);
      to[j] = static_cast<float>(sum / static_cast<double>(tokens));
    }
  }

 private:
  std::size_t sequences_;
  std::int64_t hidden_;
  StateOf of_;
  std::vector<float>& states_;  // [layers, sequences, hidden]
};

Result<std::vector<float>> states_of(const Result<ForwardPass>& pass,
                                     const std::vector<TokenSequence>& sequences, StateOf of,
                                     const ForwardOptions& options) {
  if (!pass) return pass.error();
  const DecoderConfig& config = pass->config();
  std::vector<float> states(config.layers.size() * sequences.size() *
                            static_cast<std::size_t>(config.hidden));
  StateObserver observer(sequences.size(), config.hidden, of, states);
  const auto kept = static_cast<std::int64_t>(states.size() * sizeof(float));
  if (Status status = pass->run(sequences, LogitsOf::none, observer, options, kept); !status)
    return status.error();
  return states;
}

}  // namespace

Result<std::vector<float>> hidden_states(const std::string& model,
                                         const std::vector<TokenSequence>& sequences, StateOf of,
                                         const ForwardOptions& options) {
  return states_of(ForwardPass::open(model), sequences, of, options);
}

Result<std::vector<float>> hidden_states(std::shared_ptr<const Checkpoint> model,
                                         const std::vector<TokenSequence>& sequences, StateOf of,
                                         const ForwardOptions& options) {
  return states_of(ForwardPass::open(std::move(model)), sequences, of, options);
}

}  // namespace inarch
