#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/recipe/expression.h"
#include "compiler/recipe/yaml_tree.h"

namespace inarch {

/// The entries of a mapping, checked against the keys it may have.
class Fields {
 public:
  /// Adds E131 when `node` is no mapping and E130 for every key that is not in `known`.
  /// `what` names the mapping in messages: "a rule", "'output'".
  Fields(const YamlNode& node, std::string what, std::vector<std::string> known,
         Diagnostics& diagnostics);

  /// The entry, or null when it is absent or `null`.
  const YamlNode* get(std::string_view key) const;
  /// Like get(), but E132 when absent; `example` is what to write.
  const YamlNode* require(std::string_view key, std::string_view example = {}) const;
  /// Whether an unknown key was most likely meant to be one of these: its E130 says all there is.
  bool misspelt(std::initializer_list<std::string_view> keys) const;
  /// The span of an entry's key.
  Span key_span(std::string_view key) const;

  /// E131 unless the entry is of that kind; null when absent.
  const YamlNode* sequence(std::string_view key) const;
  const YamlNode* mapping(std::string_view key) const;
  std::optional<Template> text(std::string_view key) const;
  std::optional<std::string> plain_text(std::string_view key) const;
  bool boolean(std::string_view key, bool otherwise) const;
  ExprPtr expression(std::string_view key) const;

 private:
  const YamlNode& node_;
  std::string what_;
  std::vector<std::string> meant_;
  Diagnostics& diagnostics_;
};

/// Whether expressions can speak of something by this name: letters, digits and _, a letter first.
bool is_name(std::string_view text);

/// "key?" marks what need not be there.
bool is_marked(std::string_view text);
std::string without_mark(const std::string& text);

/// E131: `node` is not what `expected` says.
void wrong_kind(const YamlNode& node, std::string_view what, std::string_view expected,
                Diagnostics& diagnostics);

}  // namespace inarch
