#pragma once

#include <string>
#include <vector>

#include "compiler/core/catalog.h"
#include "compiler/support/result.h"
#include "runtime/forward/forward_options.h"

namespace inarch {

/// What --tokens gives to run: JSON itself, where it begins with '[', else the path of a JSON file;
/// a list of ids, or of sequences, each a list of ids or a text, which gets the ids that the
/// tokenizer of `model` gives it, with those around it that the model is used to. Ids are held
/// against the vocabulary later. E587 for anything else; E591 to E594 for texts.
Result<std::vector<TokenSequence>> read_token_sequences(const std::string& given,
                                                        const Checkpoint& model);

}  // namespace inarch
