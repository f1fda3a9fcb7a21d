#include "compiler/mergekit/mixture_lower.h"

#include <fmt/format.h>

#include "compiler/mergekit/mixture_gates.h"
#include "compiler/mergekit/mixture_reader.h"
#include "compiler/mergekit/mixture_rules.h"

namespace inarch {

namespace {

/// bfloat16 as recipes call it; "" for what is no name of a type.
std::string dtype_text(std::string_view name) {
  if (name.starts_with("torch.")) name.remove_prefix(6);
  if (name == "bfloat16") return "bf16";
  if (name == "float16") return "f16";
  return name == "float32" ? "f32" : "";
}

/// What everything is stored as: what the file says, or else the base's config.
std::string chosen_dtype(const MixtureConfig& config, const MergekitView& base) {
  if (config.dtype) return dtype_text(config.dtype->text);
  for (const std::string_view key : {"torch_dtype", "dtype"}) {
    const Value* value = base.config.find(key);
    if (value && value->if_text()) return dtype_text(*value->if_text());
  }
  return "";
}

bool open_all(const std::vector<MixtureExpert>& experts, MergekitModels& models,
              std::vector<const MergekitView*>& views) {
  for (const MixtureExpert& expert : experts) views.push_back(models.open(expert.model));
  for (const MergekitView* view : views) {
    if (!view) return false;
  }
  return true;
}

/// A section with its key, where it has lines.
void add_section(std::string_view key, const RecipeText& lines, Span span, RecipeText& text) {
  if (lines.text().empty()) return;
  text.add("");
  text.add(fmt::format("{}:", key), span);
  text.append(lines);
}

void add_output(const MixtureLayout& layout, const MixtureConfig& config, const MergekitView& base,
                RecipeText& text) {
  const Span span = config.base->span;
  text.add("");
  text.add("output:", config.span);
  const std::string dtype = chosen_dtype(config, base);
  if (!dtype.empty()) text.add("  dtype: " + dtype, config.dtype ? config.dtype->span : span);
  text.add("  config:", span);
  text.add(fmt::format("    from: {}", base.name), span);
  text.add("    set:", span);
  for (const auto& [key, value] : mixture_settings(layout, config, base))
    text.add(fmt::format("      {}: {}", key, value), span);
  text.add("  files:", span);
  text.add(fmt::format("    \"tokenizer?\": {}", base.name), span);
}

RecipeText assemble(const std::string& comments, const MixtureLayout& layout,
                    const MixtureConfig& config, const MixtureModels& opened,
                    const RecipeText& sources, const RecipeText& rules) {
  MixtureGates gates = write_mixture_gates(layout, config, *opened.base);
  if (has_noise(config) && !config.draws_gates()) gates.params.add("  seed: 0", config.span);
  RecipeText text;
  if (!comments.empty()) text.add(comments);
  text.add("inarch: 1", config.span);
  add_section("params", gates.params, config.span, text);
  RecipeText all_sources = sources;
  all_sources.append(gates.sources);
  add_section("sources", all_sources, config.span, text);
  add_section("let", gates.lets, config.span, text);
  if (!layout.target.empty()) {
    text.add("");
    text.add(fmt::format("target: {}", layout.target), config.span);
  }
  RecipeText all_rules = rules;
  all_rules.append(gates.rules);
  add_section("tensors", all_rules, config.span, text);
  add_output(layout, config, *opened.base, text);
  return text;
}

}  // namespace

std::optional<RecipeText> lower_mixture(SourceMap& sources, FileId file, const BindOptions& options,
                                        const std::string& path_prefix, Diagnostics& diagnostics) {
  const auto config = read_mixture(sources, file, diagnostics);
  if (!config) return std::nullopt;
  const std::size_t before = diagnostics.errors();
  MergekitModels models(options, path_prefix, sources, diagnostics);
  MixtureModels opened;
  opened.base = models.open(*config->base);
  const bool experts = open_all(config->experts, models, opened.experts);
  const bool shared = open_all(config->shared, models, opened.shared);
  if (!opened.base || !experts || !shared || diagnostics.errors() != before) return std::nullopt;
  if (mixture_layers(*opened.base) < 1) {
    diagnostics.add(
        error("E597", fmt::format("the config of '{}' does not say how many layers it has",
                                  opened.base->name))
            .at(config->base->span));
    return std::nullopt;
  }
  const auto layout = choose_layout(*config, opened, diagnostics);
  if (!layout) return std::nullopt;
  const RecipeText rules = write_mixture_rules(*layout, *config, opened, diagnostics);
  if (diagnostics.errors() != before) return std::nullopt;
  RecipeText lines;
  for (const auto& [line, span] : models.source_lines()) lines.add(line, span);
  return assemble(leading_comments(sources.text(file)), *layout, *config, opened, lines, rules);
}

}  // namespace inarch
