#pragma once

#include <cstring>

namespace inarch {

/// One element at any address. Compilers turn these into plain, vectorisable loads and stores.
template <typename T>
inline T load(const unsigned char* address) {
  T value;
  std::memcpy(&value, address, sizeof(T));
  return value;
}
template <typename T>
inline void store(unsigned char* address, T value) {
  std::memcpy(address, &value, sizeof(T));
}

}  // namespace inarch
