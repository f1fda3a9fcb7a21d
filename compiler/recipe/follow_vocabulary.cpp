#include "compiler/recipe/follow_vocabulary.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "compiler/support/text.h"

namespace inarch {

namespace {

/// Where a config speaks of the text model's vocabulary: configs of audio parts have others.
constexpr std::array<std::string_view, 4> sections = {"", "text_config", "llm_config",
                                                      "language_config"};

bool is_token_key(std::string_view key) {
  return key.ends_with("_token_id") || key.ends_with("_token_ids") || key.ends_with("_token_index");
}

bool names_path(const std::vector<ConfigEntry>* entries, std::string_view path) {
  return entries && std::any_of(entries->begin(), entries->end(),
                                [&](const ConfigEntry& entry) { return entry.path == path; });
}

class ConfigFollower {
 public:
  ConfigFollower(const FollowedConfig& of, const BoundRecipe& bound, Diagnostics& diagnostics)
      : of_(of),
        vocabulary_(*bound.vocabulary),
        owner_(bound.sources[vocabulary_.owner].checkpoint->config),
        diagnostics_(diagnostics) {}

  void follow(Value& config) {
    bool sized = false;
    for (const std::string_view section : sections) {
      Value* part = section.empty() ? &config : find_entry(config, section);
      if (!part || !part->if_map()) continue;
      const std::string prefix = section.empty() ? "" : fmt::format("{}.", section);
      sized = follow_size(*part, prefix) || sized;
      follow_ids(*part, prefix);
    }
    if (of_.has_size && !sized) config.set_path("vocab_size", Value(vocabulary_.layout.rows));
  }

 private:
  bool is_given(const std::string& path) const {
    return names_path(of_.set, path) || names_path(of_.remove, path);
  }

  bool follow_size(Value& part, const std::string& prefix) {
    if (!of_.has_size) return false;
    if (is_given(prefix + "vocab_size")) return true;
    Value* size = find_entry(part, "vocab_size");
    if (size) *size = Value(vocabulary_.layout.rows);
    return size != nullptr;
  }

  void follow_ids(Value& part, const std::string& prefix) {
    const Tokenizer* before = tokenizer_of_config();
    const Tokenizer* owners_own = vocabulary_.tokenizers.at(vocabulary_.owner).get();
    if (!before || (before == owners_own && vocabulary_.keeps_ids)) return;
    for (auto& [key, value] : *part.if_map()) {
      if (!is_token_key(key) || is_given(prefix + key)) continue;
      const Value* owners = before == owners_own ? nullptr : owners_value(prefix, key);
      if (owners) value = *owners;
      if (owners && vocabulary_.keeps_ids) continue;
      translate_all(value, key, owners ? *owners_own : *before);
    }
  }

  void translate_all(Value& value, const std::string& key, const Tokenizer& before) {
    if (!value.if_list()) return translate(value, key, before);
    for (Value& item : *value.if_list()) translate(item, key, before);
  }

  const Tokenizer* tokenizer_of_config() const {
    if (!of_.source) return nullptr;
    const auto found = vocabulary_.tokenizers.find(*of_.source);
    return found == vocabulary_.tokenizers.end() ? nullptr : found->second.get();
  }

  const Value* owners_value(const std::string& prefix, const std::string& key) const {
    for (const std::string& path : {prefix + key, key, "text_config." + key}) {
      const Value* found = owner_.find_path(path);
      if (found && !found->is_null()) return found;
    }
    return nullptr;
  }

  /// The id of the token that had the id. Negative ones are none.
  void translate(Value& value, const std::string& key, const Tokenizer& before) {
    const std::int64_t* id = value.if_int();
    if (!id || *id < 0) return;
    const VocabularyToken* token = before.find(*id);
    const auto now = token ? vocabulary_.ids.find(token->text) : vocabulary_.ids.end();
    if (now != vocabulary_.ids.end()) {
      value = Value(now->second);
      return;
    }
    diagnostics_.add(
        error("E547",
              token
                  ? fmt::format("'{}' of the config is '{}', which the vocabulary has not", key,
                                escape_for_terminal(token->text, 60))
                  : fmt::format("'{}' of the config is {}, which is the id of no token", key, *id))
            .at(of_.span)
            .hint(fmt::format("set: {{ {}: ID }}, or remove: [ {} ]", key, key)));
  }

  const FollowedConfig& of_;
  const BoundVocabulary& vocabulary_;
  const Value& owner_;
  Diagnostics& diagnostics_;
};

}  // namespace

void follow_vocabulary(Value& config, const FollowedConfig& of, const BoundRecipe& bound,
                       Diagnostics& diagnostics) {
  if (bound.vocabulary) ConfigFollower(of, bound, diagnostics).follow(config);
}

}  // namespace inarch
