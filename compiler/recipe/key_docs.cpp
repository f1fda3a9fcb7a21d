#include "compiler/recipe/key_docs.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "compiler/core/value.h"
#include "compiler/recipe/recipe_schema.h"

namespace inarch {

namespace {

/// Goes through the schema as a recipe that says everything would.
class KeyCollector {
 public:
  explicit KeyCollector(const Value& schema) : schema_(schema) { visit(schema, ""); }
  std::vector<KeyDoc> take() { return std::move(docs_); }

 private:
  /// What a reference stands for; the node itself where it is none.
  const Value& resolved(const Value& node) {
    const Value* ref = node.find("$ref");
    if (const Value* all = node.find("allOf"); !ref && all && all->if_list())
      ref = all->if_list()->front().find("$ref");
    if (!ref || !ref->if_text()) return node;
    const std::string name = ref->if_text()->substr(ref->if_text()->rfind('/') + 1);
    const Value* definition = schema_.find("definitions")->find(name);
    return definition ? *definition : node;
  }

  void visit(const Value& unresolved, const std::string& path) {
    const Value& node = resolved(unresolved);
    if (std::find(around_.begin(), around_.end(), &node) != around_.end()) return;
    around_.push_back(&node);
    if (const Value* properties = node.find("properties")) {
      for (const auto& [name, value] : *properties->if_map()) add(name, value, path);
    }
    if (const Value* items = node.find("items")) visit(*items, path + "[]");
    if (const Value* others = node.find("additionalProperties"); others && others->if_map())
      visit(*others, path.empty() ? "NAME" : path + ".NAME");
    const Value* forms = node.find("anyOf");
    for (std::size_t k = 0; forms && forms->if_list() && k < forms->if_list()->size(); ++k)
      visit((*forms->if_list())[k], path);
    around_.pop_back();
  }

  void add(const std::string& name, const Value& value, const std::string& path) {
    const std::string own = path.empty() ? name : path + "." + name;
    if (!seen_.insert(own).second) return;
    KeyDoc doc{own, name, {}, {}};
    for (const Value* node : {&value, &resolved(value)}) {
      const Value* text = node->find("description");
      if (doc.summary.empty() && text && text->if_text()) doc.summary = *text->if_text();
    }
    const Value* words = resolved(value).find("enum");
    for (std::size_t k = 0; words && k < words->if_list()->size(); ++k)
      doc.choices.push_back(to_text((*words->if_list())[k]));
    docs_.push_back(std::move(doc));
    const bool is_step = name == "apply" || name == "combine" || name == "init";
    if (!is_step) visit(value, own);
  }

  const Value& schema_;
  std::vector<const Value*> around_;
  std::set<std::string> seen_;
  std::vector<KeyDoc> docs_;
};

}  // namespace

const std::vector<KeyDoc>& key_docs() {
  static const std::vector<KeyDoc> docs = KeyCollector(recipe_schema()).take();
  return docs;
}

std::string key_page(std::string_view name) {
  std::string lines;
  for (const KeyDoc& doc : key_docs()) {
    if (doc.name != name && doc.path != name) continue;
    lines += fmt::format("- `{}`{}{}\n", doc.path, doc.summary.empty() ? "" : ": ", doc.summary);
    if (!doc.choices.empty()) lines += fmt::format("  {}\n", fmt::join(doc.choices, ", "));
  }
  if (lines.empty()) return {};
  return fmt::format("### {}:\n\nA key of recipes.\n\n{}", name, lines);
}

std::string key_list() {
  std::string out;
  for (const KeyDoc& doc : key_docs()) out += fmt::format("  {:<40} {}\n", doc.path, doc.summary);
  return out;
}

}  // namespace inarch
