#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "compiler/support/diagnostic.h"

namespace inarch {

/// How much of a file's start recognise_foreign_file looks at.
inline constexpr std::int64_t foreign_file_bytes = 64;

/// What a file named .safetensors often is instead, told by its first bytes: a Git LFS pointer
/// (E418), a web page (E419), a GGUF model (E425) or a pickle in a zip (E424). Nothing for all
/// else.
std::optional<Diagnostic> recognise_foreign_file(std::string_view start);

/// The same by a file's name.
bool is_pickle_name(std::string_view name);
bool is_gguf_name(std::string_view name);
bool is_safetensors_name(std::string_view name);

Diagnostic pickle_refused(std::string message);
Diagnostic gguf_refused(std::string message);

}  // namespace inarch
