#include "compiler/mergekit/rule_draft.h"

#include <fmt/format.h>

#include "compiler/core/json.h"

namespace inarch {

std::string RuleWriter::suffix() const {
  return rules_.definition.empty() || count_ == 0 ? "" : std::to_string(count_ + 1);
}

void RuleWriter::write(const RuleDraft& draft) {
  if (draft.body.where.empty() || !rules_.definition.empty())
    return write_one(draft, "", draft.body.lines);
  write_one(draft, draft.body.where, draft.body.lines_where);
  write_one(draft, fmt::format("not ({})", draft.body.where), {});
}

void RuleWriter::write_one(const RuleDraft& draft, const std::string& where,
                           const std::vector<std::pair<std::string, Span>>& lines) {
  RecipeText& text = *rules_.text;
  std::string from;
  for (const std::string& operand : draft.operands)
    from += (from.empty() ? "" : ", ") + json_quote(operand);
  if (draft.operands.size() > 1) from = "[ " + from + " ]";
  if (rules_.definition.empty()) {
    text.add(fmt::format("  - from: {}", from), draft.span);
  } else {
    text.add(fmt::format("  {}:", json_quote(rules_.definition + "." + draft.to)), draft.span);
    text.add(fmt::format("    from: {}", from), draft.span);
  }
  if (!draft.range.empty()) text.add(fmt::format("    for: {{ {} }}", draft.range), draft.span);
  if (rules_.definition.empty())
    text.add(fmt::format("    to: {}", yaml_text(draft.to, false)), draft.span);
  if (!draft.except.empty()) text.add("    except: " + list_of_names(draft.except), draft.span);
  const bool plain = where.find_first_of(":#") == std::string::npos;
  if (!where.empty())
    text.add(fmt::format("    where: {}", plain ? where : json_quote(where)), draft.span);
  for (const auto& [line, span] : lines) text.add("    " + line, span.known() ? span : draft.span);
  ++count_;
}

std::string list_of_names(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + yaml_text(name);
  return "[" + list + "]";
}

}  // namespace inarch
