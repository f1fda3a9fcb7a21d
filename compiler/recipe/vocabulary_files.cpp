#include "compiler/recipe/vocabulary_files.h"

#include <fmt/format.h>

#include "compiler/core/json.h"
#include "compiler/recipe/bind_files.h"
#include "compiler/recipe/chat_template.h"
#include "compiler/support/text.h"
#include "compiler/vocabulary/trim.h"

namespace inarch {

namespace {

class VocabularyFileWriter {
 public:
  VocabularyFileWriter(const VocabularyParts& parts, const BindOptions& options,
                       const BoundRecipe& bound, BoundVocabulary& result, Diagnostics& diagnostics)
      : parts_(parts),
        options_(options),
        owner_(bound.sources[result.owner]),
        result_(result),
        diagnostics_(diagnostics) {
    chat_ = bind_chat_template(parts.declaration, result.sources, bound, options, diagnostics);
  }

  void write() {
    changed_ = !parts_.admitted.empty() || !parts_.kept.empty();
    for (const std::string& name : files_of_group("tokenizer")) {
      const auto path = side_file_path(*owner_.checkpoint, name);
      if (path) put(name, *path);
    }
    if (chat_ && !chat_written_) result_.texts.push_back({"chat_template.jinja", *chat_});
  }

 private:
  void put(const std::string& name, const std::string& path) {
    if (name == "tokenizer.json") {
      if (!changed_) return carry(name, path);
      const auto document = edited(path);
      if (document) result_.texts.push_back({name, write_json(*document, JsonStyle::indented)});
    } else if (name == "tokenizer_config.json") {
      put_config(name, path);
    } else if (name.starts_with("chat_template.")) {
      if (!chat_) carry(name, path);
    } else if (!changed_ || name == "special_tokens_map.json") {
      carry(name, path);
    }
  }

  /// What the file says of the result's tokens; nothing on a fault.
  std::optional<Value> edited(const std::string& path) {
    Value document = with_tokens(parts_.tokenizers, parts_.admitted);
    if (parts_.kept.empty()) return document;
    auto united = read_tokenizer(write_json(document, JsonStyle::compact), path);
    auto left = united ? trimmed(*united, parts_.kept) : Result<Value>(united.error());
    if (left) return std::move(*left);
    diagnostics_.add(std::move(left.error()).at(parts_.declaration.keep->span));
    return std::nullopt;
  }

  void put_config(const std::string& name, const std::string& path) {
    if (!changed_ && !chat_) return carry(name, path);
    auto text = options_.read_text(path);
    auto read = text ? parse_json(*text, path) : Result<Value>(text.error());
    if (!read) {
      diagnostics_.add(std::move(read.error()));
      return;
    }
    Value config = *read;
    add_to_config(config, parts_.admitted);
    if (!parts_.kept.empty()) trim_config(config, parts_.kept);
    // Libraries that know no chat_template.jinja look here, where the owner has it.
    const bool beside = side_file_path(*owner_.checkpoint, "chat_template.jinja").has_value();
    Value* chat = find_entry(config, "chat_template");
    if (chat_ && chat && !beside) {
      *chat = Value(*chat_);
      chat_written_ = true;
    }
    if (config == *read) return carry(name, path);
    result_.texts.push_back({name, write_json(config, JsonStyle::indented)});
  }

  void carry(const std::string& name, const std::string& path) {
    const auto print = options_.fingerprint(path);
    if (print) {
      result_.files.push_back({result_.owner, name, path, print->size, print->sha256});
    } else {
      diagnostics_.add(print.error());
    }
  }

  const VocabularyParts& parts_;
  const BindOptions& options_;
  const BoundSource& owner_;
  BoundVocabulary& result_;
  Diagnostics& diagnostics_;
  std::optional<std::string> chat_;
  bool changed_ = false;       // tokenizer.json is not the owner's
  bool chat_written_ = false;  // in tokenizer_config.json
};

}  // namespace

void write_vocabulary_files(const VocabularyParts& parts, const BindOptions& options,
                            const BoundRecipe& bound, BoundVocabulary& result,
                            Diagnostics& diagnostics) {
  VocabularyFileWriter(parts, options, bound, result, diagnostics).write();
}

}  // namespace inarch
