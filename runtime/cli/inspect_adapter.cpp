#include "runtime/cli/inspect_adapter.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "compiler/support/text.h"

namespace inarch {

namespace {

void add_number(const Value& config, std::string_view from, std::string_view to,
                Value::Map& highlights) {
  const Value* value = config.find(from);
  if (value && value->is_number()) highlights.emplace_back(to, *value);
}

void add_flag(const Value& config, std::string_view from, std::string_view to,
              Value::Map& highlights) {
  const Value* value = config.find(from);
  if (value && value->if_bool() && *value->if_bool()) highlights.emplace_back(to, true);
}

void add_count(const Value& config, std::string_view from, std::string_view to,
               Value::Map& highlights) {
  const Value* value = config.find(from);
  const Value::Map* map = value ? value->if_map() : nullptr;
  if (map && !map->empty()) highlights.emplace_back(to, static_cast<std::int64_t>(map->size()));
}

std::vector<std::string> sorted_texts(const Value::List& list) {
  std::vector<std::string> texts;
  for (const Value& item : list) {
    if (item.if_text()) texts.push_back(*item.if_text());
  }
  std::sort(texts.begin(), texts.end(), natural_less);
  return texts;
}

void add_modules(const Value& config, std::string_view key, Value::Map& highlights) {
  const Value* value = config.find(key);
  if (value && value->if_text()) highlights.emplace_back(key, *value);
  if (!value || !value->if_list()) return;
  Value::List modules;
  for (std::string& text : sorted_texts(*value->if_list())) modules.emplace_back(std::move(text));
  highlights.emplace_back(key, std::move(modules));
}

std::string modules_text(const Value& modules) {
  if (!modules.if_list()) return to_text(modules);
  return join_names(sorted_texts(*modules.if_list()), 12);
}

}  // namespace

Value::Map adapter_highlights(const Value& config) {
  Value::Map highlights;
  const Value* kind = config.find("peft_type");
  if (!kind || !kind->if_text()) return highlights;
  highlights.emplace_back("kind", *kind);
  add_number(config, "r", "rank", highlights);
  add_number(config, "lora_alpha", "alpha", highlights);
  add_flag(config, "use_dora", "dora", highlights);
  add_flag(config, "use_rslora", "rank_stabilized", highlights);
  add_count(config, "rank_pattern", "other_ranks", highlights);
  add_count(config, "alpha_pattern", "other_alphas", highlights);
  add_modules(config, "target_modules", highlights);
  add_modules(config, "modules_to_save", highlights);
  const Value* base = config.find("base_model_name_or_path");
  if (base && base->if_text()) highlights.emplace_back("base", *base);
  return highlights;
}

std::string adapter_sentence(const Value::Map& highlights) {
  const Value all(highlights);
  const Value* kind = all.find("kind");
  if (!kind) return "";
  std::string text = to_text(*kind);
  if (text == "LORA") text = all.find("dora") ? "DoRA" : "LoRA";
  if (const Value* rank = all.find("rank")) text += fmt::format(" of rank {}", to_text(*rank));
  if (const Value* other = all.find("other_ranks"))
    text += fmt::format(" and others (rank_pattern has {})", to_text(*other));
  if (const Value* alpha = all.find("alpha")) text += fmt::format(", alpha {}", to_text(*alpha));
  if (all.find("rank_stabilized")) text += ", scaled by the root of the rank";
  if (const Value* base = all.find("base"); base && !base->if_text()->empty())
    text += fmt::format(", over {}", to_text(*base));
  if (const Value* modules = all.find("target_modules")) text += ": " + modules_text(*modules);
  if (const Value* saved = all.find("modules_to_save"))
    text += "; saved whole: " + modules_text(*saved);
  return text;
}

}  // namespace inarch
