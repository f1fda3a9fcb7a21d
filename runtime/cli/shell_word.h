#pragma once

#include <string>

namespace inarch {

/// A word as a shell takes it back: in quotes where it has to be.
std::string shell_word(const std::string& word);

}  // namespace inarch
