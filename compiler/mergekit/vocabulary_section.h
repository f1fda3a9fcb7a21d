#pragma once

#include <set>
#include <string>
#include <vector>

#include "compiler/mergekit/models.h"
#include "compiler/mergekit/recipe_text.h"
#include "compiler/mergekit/slices.h"

namespace inarch {

/// What `tokenizer_source`, `tokenizer` and `chat_template` of a document come to: the section
/// `vocabulary:` of the recipe, and definitions of the rows that embeddings and heads are merged
/// from.
class VocabularySection {
 public:
  /// Faults are E572 (what cannot be said yet) and E575.
  VocabularySection(const MergekitConfig& config, MergekitModels& models, const MergekitView& donor,
                    const std::vector<PlannedModule>& modules, Diagnostics& diagnostics);

  /// Whether rows follow a tokenizer, so that embeddings are merged by token.
  bool has_rows() const { return config_.tokenizer.has_value(); }
  /// The operand that has a model's rows of a tensor by the result's tokens. `names` says what each
  /// of the sources calls it. The definition is added to `definitions` when it is new.
  std::string rows_of(const MergekitView& view, const std::string& tensor,
                      const std::vector<std::string>& names, RecipeText& definitions);
  /// The models whose rows there are, the base first.
  const std::vector<SliceInput>& sources() const { return sources_; }
  /// The lines of the section; none where there is nothing to say.
  const RecipeText& text() const { return text_; }

 private:
  void write_tokenizer(const MergekitTokenizer& tokenizer);
  void write_template_alone();
  void write_sources(Span span);
  void find_sources(const std::vector<PlannedModule>& modules);
  void add_source(const SliceInput& input);
  const MergekitView* owner();
  void write_tokens();
  std::string token_text(const MergekitToken& token);
  const MergekitView* source_of(const MergekitModel& model);
  void write_chat_template();

  const MergekitConfig& config_;
  MergekitModels& models_;
  const MergekitView& donor_;
  Diagnostics& diagnostics_;
  std::vector<SliceInput> sources_;
  std::set<std::string> defined_;
  RecipeText text_;
};

}  // namespace inarch
