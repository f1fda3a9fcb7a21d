#include "compiler/recipe/text_encoders.h"

#include <fmt/format.h>

#include "compiler/core/json.h"
#include "compiler/recipe/bind_files.h"
#include "compiler/support/text.h"

namespace inarch {

Result<std::shared_ptr<const TextEncoder>> TextEncoders::open(const Checkpoint& checkpoint) {
  const auto known = known_.find(&checkpoint);
  if (known != known_.end()) return known->second;
  auto encoder = read(checkpoint);
  if (encoder) known_.emplace(&checkpoint, *encoder);
  return encoder;
}

Result<std::shared_ptr<const TextEncoder>> TextEncoders::read(const Checkpoint& checkpoint) const {
  const auto settings = this->settings(checkpoint);
  if (!settings) return settings.error();
  const auto json = side_file_path(checkpoint, "tokenizer.json");
  const auto path = json ? json : side_file_path(checkpoint, "tokenizer.model");
  if (!path) {
    return error("E594", "the source has no tokenizer.json and no tokenizer.model")
        .note(escape_for_terminal(checkpoint.location));
  }
  const auto text = read_file(*path);
  if (!text) return text.error();
  auto encoder = json ? TextEncoder::from_json(*text, *settings)
                      : TextEncoder::from_sentencepiece(*text, *settings);
  if (encoder) return std::make_shared<const TextEncoder>(std::move(*encoder));
  Diagnostic fault = std::move(encoder.error());
  fault.subject.clear();  // a name without its place
  fault.notes.push_back(fmt::format("in {}", escape_for_terminal(*path)));
  return fault;
}

Result<std::string> TextEncoders::read_file(const std::string& path) const {
  auto text = read_(path);
  if (text) return text;
  return error("E594", fmt::format("the tokenizer cannot be read: {}", text.error().message))
      .note(escape_for_terminal(path));
}

Result<EncoderSettings> TextEncoders::settings(const Checkpoint& checkpoint) const {
  const auto path = side_file_path(checkpoint, "tokenizer_config.json");
  if (!path) return EncoderSettings();
  const auto text = read_file(*path);
  if (!text) return text.error();
  const auto config = parse_json(*text, *path);
  if (config) return read_encoder_settings(*config);
  return error("E594", fmt::format("the tokenizer cannot be read: {}", config.error().message))
      .note(escape_for_terminal(*path));
}

}  // namespace inarch
