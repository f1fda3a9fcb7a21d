#include "compiler/mergekit/output_section.h"

#include <fmt/format.h>

namespace inarch {

namespace {

Diagnostic not_yet(std::string what, Span span) {
  return error("E572", std::move(what) + " cannot be imported yet").at(span);
}

/// The files of a tokenizer, where no vocabulary writes them.
void write_files(const MergekitConfig& config, const MergekitView& result, RecipeText& text) {
  if (result.config_source.empty() || config.tokenizer || config.chat_template) return;
  text.add("  files:", config.span);
  text.add(fmt::format("    \"tokenizer?\": {}", result.config_source), config.span);
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
                          RecipeText& text) {
  text.add("");
  text.add("output:", config.span);
  if (!result.dtype.empty()) {
    const auto& chosen = config.out_dtype ? config.out_dtype : config.dtype;
    text.add("  dtype: " + result.dtype, chosen ? chosen->span : config.span);
  }
  write_config(config, result, text);
  write_files(config, result, text);
  text.add("  card: true", config.span);  // mergekit writes one, too
}

void check_inner_document(const MergekitConfig& config, Diagnostics& diagnostics) {
  if (config.tokenizer)
    diagnostics.add(not_yet("a tokenizer of a document that others merge", config.tokenizer->span));
  if (config.chat_template)
    diagnostics.add(
        not_yet("a chat template of a document that others merge", config.chat_template->span));
}

}  // namespace inarch
