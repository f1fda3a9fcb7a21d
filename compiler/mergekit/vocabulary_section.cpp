#include "compiler/mergekit/vocabulary_section.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/core/json.h"
#include "compiler/mergekit/chat_templates.h"
#include "compiler/mergekit/layers.h"
#include "compiler/recipe/bind_files.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

/// What YAML and a template of the recipe read back as this text.
std::string verbatim(const std::string& text) {
  std::string out;
  for (std::size_t k = 0; k < text.size(); ++k) {
    if (text[k] == '$' && k + 1 < text.size() && text[k + 1] == '{') out += '$';
    out += text[k];
  }
  return json_quote(out);
}

/// Whether a block of YAML, indented, has this text as it stands.
bool fits_block(std::string_view text) {
  const bool ends_once = text.size() > 1 && text.back() == '\n' && text[text.size() - 2] != '\n';
  return ends_once && text.front() != ' ' && text.front() != '\n' &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return c == '\n' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
         });
}

/// The lines of `key`, whose value is a text of several lines where it can be. Nothing in it means
/// anything to a recipe.
std::string text_lines(std::string_view key, std::string_view text) {
  if (!fits_block(text)) return fmt::format("{}: {}", key, json_quote(text));
  std::string lines = fmt::format("{}: |\n    ", key);
  for (std::size_t k = 0; k + 1 < text.size(); ++k) {
    lines += text[k];
    if (text[k] == '\n' && text[k + 1] != '\n') lines += "    ";
  }
  return lines;
}

/// The rows of a model's embedding; 0 when it has none.
std::int64_t embedding_rows(const MergekitView& view) {
  for (const auto& [name, shape] : view.tensors) {
    if (is_embedding(name) && !shape.empty()) return shape.front();
  }
  return 0;
}

}  // namespace

VocabularySection::VocabularySection(const MergekitConfig& config, MergekitModels& models,
                                     const MergekitView& donor,
                                     const std::vector<PlannedModule>& modules,
                                     Diagnostics& diagnostics)
    : config_(config), models_(models), donor_(donor), diagnostics_(diagnostics) {
  if (!config.tokenizer && !config.chat_template) return;
  find_sources(modules);
  if (config.tokenizer) {
    write_tokenizer(*config.tokenizer);
  } else {
    write_template_alone();
  }
  write_chat_template();
}

void VocabularySection::write_tokenizer(const MergekitTokenizer& tokenizer) {
  const Span span = tokenizer.span;
  const bool all = tokenizer.source == MergekitTokenizer::Source::all;
  const MergekitView* tokens = owner();
  text_.add("vocabulary:", span);
  text_.add(fmt::format("  from: {}", all || !tokens ? "union" : tokens->name), span);
  write_sources(span);
  if (!sources_.front().is_base) text_.add("  base: none", span);
  if (tokenizer.pad_to_multiple_of)
    text_.add(fmt::format("  pad_to_multiple_of: {}", *tokenizer.pad_to_multiple_of), span);
  write_tokens();
}

/// A chat template changes no row. `auto` counts those of all models.
void VocabularySection::write_template_alone() {
  const Span span = config_.chat_template->span;
  text_.add("vocabulary:", span);
  text_.add(fmt::format("  from: {}", donor_.config_source), span);
  if (config_.chat_template->text == "auto") write_sources(span);
  const std::int64_t rows = embedding_rows(donor_);
  if (rows > 0) text_.add(fmt::format("  rows: {}", rows), span);
}

/// A model without a tokenizer has the donor's, as mergekit assumes.
void VocabularySection::write_sources(Span span) {
  std::string list;
  for (const SliceInput& input : sources_) {
    const MergekitView& view = *input.view;
    const bool has_own =
        !view.checkpoint || side_file_path(*view.checkpoint, "tokenizer.json").has_value();
    list += list.empty() ? "" : ", ";
    list += has_own
                ? view.name
                : fmt::format("{{ source: {}, tokenizer: {} }}", view.name, donor_.config_source);
  }
  text_.add(fmt::format("  sources: [{}]", list), span);
}

void VocabularySection::add_source(const SliceInput& input) {
  for (const SliceInput& known : sources_) {
    if (known.view == input.view) return;
  }
  sources_.push_back(input);
  sources_.back().is_base = config_.base_model && input.written->model == *config_.base_model;
  if (!input.view->checkpoint) {
    diagnostics_.add(
        error("E572", fmt::format("a {} for what other documents make cannot be "
                                  "imported yet",
                                  config_.tokenizer ? "tokenizer" : "chat template"))
            .at(config_.tokenizer ? config_.tokenizer->span : config_.chat_template->span)
            .also(input.written->model.span, "made by a document"));
  }
}

/// All models of the document, in the order in which they are written, the base first.
void VocabularySection::find_sources(const std::vector<PlannedModule>& modules) {
  for (const PlannedModule& module : modules) {
    for (const SliceInput& input : module.first.inputs) add_source(input);
    for (const PlannedStack& stack : module.stacks) {
      for (const PlannedSlice& slice : stack.slices) {
        for (const SliceInput& input : slice.inputs) add_source(input);
      }
    }
  }
  std::stable_partition(sources_.begin(), sources_.end(),
                        [](const SliceInput& input) { return input.is_base; });
}

/// The model whose vocabulary the result has; null for all, or on a fault.
const MergekitView* VocabularySection::owner() {
  const MergekitTokenizer& tokenizer = *config_.tokenizer;
  if (tokenizer.source == MergekitTokenizer::Source::base) return &donor_;
  if (tokenizer.source == MergekitTokenizer::Source::all || !tokenizer.model) return nullptr;
  return models_.open(*tokenizer.model);
}

std::string VocabularySection::rows_of(const MergekitView& view, const std::string& tensor,
                                       const std::vector<std::string>& names,
                                       RecipeText& definitions) {
  const std::string name = fmt::format("rows.{}.{}", view.name, tensor);
  if (!defined_.insert(name).second) return "define:" + name;
  std::string from;
  for (std::size_t m = 0; m < sources_.size(); ++m)
    from += (from.empty() ? "" : ", ") + json_quote(sources_[m].view->operand + names[m]);
  const Span span = config_.tokenizer->span;
  definitions.add(fmt::format("  {}:", json_quote(name)), span);
  if (sources_.size() == 1) {
    definitions.add(fmt::format("    from: {}", from), span);
    definitions.add(fmt::format("    apply: [ {{ to_vocabulary: {} }} ]", view.name), span);
  } else {
    definitions.add(fmt::format("    from: [ {} ]", from), span);
    definitions.add(fmt::format("    combine: {{ to_vocabulary: {} }}", view.name), span);
  }
  return "define:" + name;
}

/// A model that a token is taken from, which must be one of those that are merged.
const MergekitView* VocabularySection::source_of(const MergekitModel& model) {
  for (const SliceInput& input : sources_) {
    if (input.written->model == model) return input.view;
  }
  diagnostics_.add(error("E575", fmt::format("'{}' is not among the models that are merged",
                                             escape_for_terminal(model.text())))
                       .at(model.span)
                       .note("mergekit fails in the middle of the merge"));
  return nullptr;
}

/// What stands behind a token; "" on a fault.
std::string VocabularySection::token_text(const MergekitToken& token) {
  const std::string force = token.force ? ", force: true" : "";
  if (token.kind == MergekitToken::Kind::unsaid) {
    diagnostics_.add(error("E575", fmt::format("the token '{}' has no 'source'",
                                               escape_for_terminal(token.token)))
                         .at(token.span)
                         .note("mergekit fails in the middle of the merge")
                         .hint("source: { kind: zero }, or a model"));
    return "";
  }
  if (token.kind == MergekitToken::Kind::zero)
    return fmt::format("{{ from: zero, add: true{} }}", force);
  const MergekitView* source = token.model ? source_of(*token.model) : nullptr;
  if (!source) return "";
  if (token.kind == MergekitToken::Kind::model)
    return fmt::format("{{ from: {}{} }}", source->name, force);
  const std::string which =
      token.other_id ? fmt::format("id: {}", *token.other_id)
                     : fmt::format("token: {}", verbatim(token.other_token.value_or("")));
  return fmt::format("{{ from: {{ source: {}, {} }}, add: true{} }}", source->name, which, force);
}

void VocabularySection::write_tokens() {
  const std::vector<MergekitToken>& tokens = config_.tokenizer->tokens;
  if (tokens.empty()) return;
  text_.add("  tokens:", config_.tokenizer->span);
  for (const MergekitToken& token : tokens) {
    const std::string text = token_text(token);
    if (!text.empty())
      text_.add(fmt::format("    {}: {}", json_quote(token.token), text), token.span);
  }
}

void VocabularySection::write_chat_template() {
  if (!config_.chat_template) return;
  const auto& [text, span] = *config_.chat_template;
  const std::string_view named = named_chat_template(text);
  if (text == "auto") {
    text_.add("  chat_template: auto", span);
  } else if (!named.empty()) {
    text_.add(text_lines("  chat_template", named), span);
  } else if (text.size() < 20 || text.find('{') == std::string::npos) {
    const auto names = chat_template_names();
    diagnostics_.add(
        error("E575", fmt::format("'{}' is no chat template", escape_for_terminal(text, 60)))
            .at(span)
            .note("mergekit says so once everything else is written")
            .note(fmt::format("names: auto, {}", fmt::join(names, ", ")))
            .hint("auto, a name, or a template in Jinja"));
  } else {
    text_.add(text_lines("  chat_template", text), span);
  }
}

}  // namespace inarch
