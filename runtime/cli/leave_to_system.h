#pragma once

#include <utility>

namespace inarch {

/// Keeps `value` to the end of the process, which frees it all at once, where a destructor would
/// walk through a million small pieces. Once in a process, by the command that ends it.
template <typename T>
void leave_to_system(T value) {
  [[maybe_unused]] static const T* left = nullptr;  // still reachable, and so no leak
  left = new T(std::move(value));
}

}  // namespace inarch
