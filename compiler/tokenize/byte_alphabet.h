#pragma once

#include <string>
#include <string_view>

namespace inarch {

/// Each byte as a letter of GPT-2's alphabet: those of Latin-1 that print as themselves, all others
/// as U+0100 and what follows.
std::string spell_bytes(std::string_view text);

}  // namespace inarch
