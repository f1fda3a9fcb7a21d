#pragma once

#include <optional>

#include "compiler/mergekit/config.h"

namespace inarch {

/// `tokenizer_source` or `tokenizer` of a document; none when it has neither. E575 when it has
/// both.
std::optional<MergekitTokenizer> read_mergekit_tokenizer(const YamlNode& root,
                                                         Diagnostics& diagnostics);

}  // namespace inarch
