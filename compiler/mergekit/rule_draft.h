#pragma once

#include <string>
#include <vector>

#include "compiler/mergekit/combine.h"
#include "compiler/mergekit/document.h"

namespace inarch {

/// A rule, before it is written.
struct RuleDraft {
  std::vector<std::string> operands;  // "a:model.layers.{i}.{name...}"
  std::string range;                  // of `for`
  std::string to;
  std::vector<std::string> except;
  MergeBody body;
  Span span;
};

/// Writes rules of a document one after another.
class RuleWriter {
 public:
  explicit RuleWriter(const DocumentRules& rules) : rules_(rules) {}

  /// What the next rule's words end in. Words of a definition's name are its own, so that the names
  /// of two rules are never the same.
  std::string suffix() const;
  void write(const RuleDraft& draft);

 private:
  void write_one(const RuleDraft& draft, const std::string& where,
                 const std::vector<std::pair<std::string, Span>>& lines);

  DocumentRules rules_;
  std::size_t count_ = 0;
};

/// "[a, b]", each name as YAML needs it.
std::string list_of_names(const std::vector<std::string>& names);

}  // namespace inarch
