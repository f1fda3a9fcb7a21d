#include "compiler/mergekit/lower.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "compiler/mergekit/check.h"
#include "compiler/mergekit/document.h"
#include "compiler/mergekit/document_order.h"
#include "compiler/mergekit/mixture_lower.h"
#include "compiler/mergekit/mixture_reader.h"
#include "compiler/mergekit/output_section.h"
#include "compiler/mergekit/reader.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

class Lowering {
 public:
  Lowering(SourceMap& sources, FileId file, const BindOptions& options, const std::string& prefix,
           Diagnostics& diagnostics)
      : sources_(sources),
        file_(file),
        models_(options, prefix, sources, diagnostics),
        diagnostics_(diagnostics) {}

  std::optional<RecipeText> lower() {
    const auto configs = read_mergekit(sources_, file_, diagnostics_);
    if (!configs || configs->empty()) return std::nullopt;
    const auto order = order_documents(*configs, diagnostics_);
    const std::size_t before = diagnostics_.errors();
    for (const MergekitConfig& config : *configs) check_mergekit(config, diagnostics_);
    if (!order || diagnostics_.errors() != before) return std::nullopt;
    std::optional<MergekitView> result;
    for (const MergekitConfig* config : *order) {
      const bool last = config == order->back();
      result = document(*config, last);
      if (!result) return std::nullopt;
      if (!last) add_inner(*config, std::move(*result));
    }
    RecipeText text = assemble(*order->back(), *result);
    if (diagnostics_.errors() != before) return std::nullopt;
    return text;
  }

 private:
  std::optional<MergekitView> document(const MergekitConfig& config, bool last) {
    if (!last) check_inner_document(config, diagnostics_);
    DocumentRules rules{last ? &rules_ : &definitions_, &definitions_,
                        last ? &vocabulary_ : nullptr, last ? "" : definition_name(config.name)};
    auto result = write_document(config, models_, rules, diagnostics_);
    if (result) result->dtype = result_dtype(config, result->dtype);
    return result;
  }

  /// A document's name as the first part of its definitions' names.
  std::string definition_name(const std::string& name) {
    std::string word;
    for (const char c : name) {
      const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      word += good ? c : '_';
    }
    while (!definition_names_.insert(word).second) word += "_";
    last_name_ = word;
    return word;
  }

  void add_inner(const MergekitConfig& config, MergekitView view) {
    view.name = config.name;
    view.operand = fmt::format("define:{}.", last_name_);
    view.span = config.span;
    models_.add_document(config.name, std::move(view));
  }

  RecipeText assemble(const MergekitConfig& config, const MergekitView& result) {
    RecipeText text;
    const std::string comments = leading_comments(sources_.text(file_));
    if (!comments.empty()) text.add(comments);
    text.add("inarch: 1", config.span);
    if (!config.name.empty()) text.add("name: " + yaml_text(config.name), config.span);
    text.add("");
    text.add("sources:", config.span);
    for (const auto& [line, span] : models_.source_lines()) text.add(line, span);
    if (!result.architecture.empty()) {
      text.add("");
      text.add("target: " + result.architecture, config.span);
    }
    if (!vocabulary_.text().empty()) {
      text.add("");
      text.append(vocabulary_);
    }
    if (!definitions_.text().empty()) {
      text.add("");
      text.add("define:", config.span);
      text.append(definitions_);
    }
    text.add("");
    text.add("tensors:", config.span);
    text.append(rules_);
    write_output_section(config, result, text);
    return text;
  }

  SourceMap& sources_;
  FileId file_;
  MergekitModels models_;
  Diagnostics& diagnostics_;
  RecipeText definitions_;
  RecipeText vocabulary_;
  RecipeText rules_;
  std::set<std::string> definition_names_;
  std::string last_name_;  // of the document that was written last
};

}  // namespace

std::optional<RecipeText> lower_mergekit(SourceMap& sources, FileId file,
                                         const BindOptions& options, const std::string& path_prefix,
                                         Diagnostics& diagnostics) {
  if (is_mixture(sources, file))
    return lower_mixture(sources, file, options, path_prefix, diagnostics);
  return Lowering(sources, file, options, path_prefix, diagnostics).lower();
}

}  // namespace inarch
