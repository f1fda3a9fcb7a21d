#pragma once

#include <string>
#include <vector>

#include "compiler/support/result.h"
#include "runtime/forward/forward_options.h"

namespace inarch {

/// What --tokens gives to run: JSON itself, where it begins with '[', else the path of a JSON file;
/// a list of ids, of lists of ids, or of texts. Ids are held against the vocabulary later. `model`
/// is where a tokenizer for texts would be. E587 for anything else, E588 for texts, which are not
/// taken yet.
Result<std::vector<TokenSequence>> read_token_sequences(const std::string& given,
                                                        const std::string& model);

}  // namespace inarch
