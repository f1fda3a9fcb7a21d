#include "runtime/forward/forward_observer.h"

namespace inarch {

void ForwardObserver::layer_input(std::int64_t, std::size_t, std::int64_t, const float*) {}
void ForwardObserver::final_state(std::size_t, std::int64_t, const float*) {}
void ForwardObserver::linear_input(std::span<const std::string>, std::int64_t, std::int64_t,
                                   std::int64_t, const float*) {}
void ForwardObserver::routed(std::int64_t, const RoutedTokens&) {}
void ForwardObserver::expert_output(std::int64_t, std::int64_t, std::int64_t, const float*) {}
void ForwardObserver::logits(std::size_t, std::int64_t, std::int64_t, std::int64_t, std::int64_t,
                             const float*) {}

}  // namespace inarch
