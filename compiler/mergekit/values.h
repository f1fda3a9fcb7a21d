#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "compiler/mergekit/config.h"

namespace inarch {

/// Scalars of a mergekit YAML, which is YAML 1.1 read by a library that converts: `no` is a
/// boolean, `5e-1` and `"0.5"` are numbers, and so are booleans where a number is due.

/// A finite number; E558 when there is none, E559 when it is infinite or no number. `what` names it
/// in messages: "'weight'".
std::optional<double> mergekit_number(const YamlNode& node, std::string_view what,
                                      Diagnostics& diagnostics);

/// A whole number of at least `least`, 3.0 included; E558 or E559.
std::optional<std::int64_t> mergekit_integer(const YamlNode& node, std::string_view what,
                                             std::int64_t least, Diagnostics& diagnostics);

std::optional<bool> mergekit_boolean(const YamlNode& node, std::string_view what,
                                     Diagnostics& diagnostics);

/// Text, or whatever a scalar is as text; E558 for lists and mappings.
std::optional<std::string> mergekit_text(const YamlNode& node, std::string_view what,
                                         Diagnostics& diagnostics);

/// `path@revision+adapter`, or a mapping of `model` and `lora`; E569 for what is neither.
std::optional<MergekitModel> mergekit_model(const YamlNode& node, Diagnostics& diagnostics);

/// Reports the keys of a mapping that are not among `known`: E555 for a parameter of a merge
/// method, which belongs under `parameters`, else E552 with what was likely meant. False when
/// `node` is no mapping (E558).
bool check_mergekit_keys(const YamlNode& node, std::string_view what,
                         const std::vector<std::string>& known, Diagnostics& diagnostics);

/// The value of a key, or null when it is absent or empty.
const YamlNode* mergekit_entry(const YamlNode& mapping, std::string_view key);
/// Where a key stands; the mapping's own place when it does not.
Span mergekit_key_span(const YamlNode& mapping, std::string_view key);

}  // namespace inarch
