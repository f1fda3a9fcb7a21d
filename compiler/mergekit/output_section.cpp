#include "compiler/mergekit/output_section.h"

#include <fmt/format.h>

#include "compiler/core/json.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

Diagnostic not_yet(std::string what, Span span) {
  return error("E572", std::move(what) + " cannot be imported yet").at(span);
}

/// What YAML and the recipe read back as this text.
std::string verbatim(const std::string& text) {
  std::string out;
  for (std::size_t k = 0; k < text.size(); ++k) {
    if (text[k] == '$' && k + 1 < text.size() && text[k + 1] == '{') out += '$';
    out += text[k];
  }
  return json_quote(out);
}

/// The line of `files` that makes the chat template; "" for none.
std::string chat_template_line(const MergekitConfig& config, Diagnostics& diagnostics) {
  if (!config.chat_template) return "";
  const auto& [text, span] = *config.chat_template;
  if (text == "auto") {
    diagnostics.add(not_yet("the chat template 'auto'", span)
                        .note("mergekit takes the template that most models have")
                        .hint("leave it out for the base's, or write the template itself"));
    return "";
  }
  const bool built_in = text == "alpaca" || text == "chatml" || text == "exaone" ||
                        text == "llama3" || text == "mistral";
  if (built_in) {
    diagnostics.add(not_yet(fmt::format("mergekit's own chat template '{}'", text), span)
                        .hint("write the template itself"));
    return "";
  }
  if (text.size() < 20 || text.find('{') == std::string::npos) {
    diagnostics.add(
        error("E575", fmt::format("'{}' is no chat template", escape_for_terminal(text, 60)))
            .at(span)
            .note("mergekit says so once everything else is written")
            .hint("auto, or a template in Jinja"));
    return "";
  }
  return fmt::format("    chat_template.jinja: {{ text: {} }}", verbatim(text));
}

/// The files of a tokenizer, and of the vocabulary that it asks for.
void write_files(const MergekitConfig& config, const MergekitView& result, RecipeText& text,
                 Diagnostics& diagnostics) {
  const auto& tokenizer = config.tokenizer;
  if (tokenizer && tokenizer->source != MergekitTokenizer::Source::base) {
    diagnostics.add(not_yet(tokenizer->source == MergekitTokenizer::Source::all
                                ? "a tokenizer that is the union of the models'"
                                : "a tokenizer of one of the models",
                            tokenizer->span)
                        .hint("tokenizer_source: base"));
  } else if (tokenizer && !tokenizer->tokens.empty()) {
    diagnostics.add(
        not_yet("the choice of single tokens' embeddings", tokenizer->tokens.front().span));
  } else if (tokenizer && tokenizer->pad_to_multiple_of) {
    diagnostics.add(not_yet("'pad_to_multiple_of'", tokenizer->span));
  }
  const std::string chat = chat_template_line(config, diagnostics);
  if (result.config_source.empty()) return;
  const Span span = tokenizer ? tokenizer->span : config.span;
  text.add("  files:", span);
  text.add(fmt::format("    \"tokenizer?\": {}", result.config_source), span);
  if (!chat.empty()) text.add(chat, config.chat_template->span);
}

void write_config(const MergekitConfig& config, const MergekitView& result, RecipeText& text) {
  if (result.config_source.empty() || result.config.is_null()) return;
  const Span span = config.base_model ? config.base_model->span : config.span;
  if (result.config_set.empty()) {
    text.add(fmt::format("  config: {}", result.config_source), span);
    return;
  }
  text.add("  config:", span);
  text.add(fmt::format("    from: {}", result.config_source), span);
  text.add("    set:", span);
  for (const auto& [path, value] : result.config_set)
    text.add(fmt::format("      {}: {}", path, value), config.modules.front().span);
}

}  // namespace

std::string result_dtype(const MergekitConfig& config, const std::string& inherited) {
  const auto& chosen = config.out_dtype ? config.out_dtype : config.dtype;
  if (!chosen) return inherited;
  if (chosen->text == "bfloat16") return "bf16";
  return chosen->text == "float16" ? "f16" : "f32";
}

void write_output_section(const MergekitConfig& config, const MergekitView& result,
                          RecipeText& text, Diagnostics& diagnostics) {
  text.add("");
  text.add("output:", config.span);
  if (!result.dtype.empty()) {
    const auto& chosen = config.out_dtype ? config.out_dtype : config.dtype;
    text.add("  dtype: " + result.dtype, chosen ? chosen->span : config.span);
  }
  write_config(config, result, text);
  write_files(config, result, text, diagnostics);
}

void check_inner_document(const MergekitConfig& config, Diagnostics& diagnostics) {
  if (config.tokenizer && config.tokenizer->source != MergekitTokenizer::Source::base)
    diagnostics.add(not_yet("a tokenizer of a document that others merge", config.tokenizer->span));
  if (config.chat_template)
    diagnostics.add(
        not_yet("a chat template of a document that others merge", config.chat_template->span));
}

}  // namespace inarch
