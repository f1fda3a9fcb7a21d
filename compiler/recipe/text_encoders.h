#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "compiler/core/catalog.h"
#include "compiler/support/result.h"
#include "compiler/tokenize/text_encoder.h"

namespace inarch {

/// The tokenizers of sources as expressions use them, each read once.
class TextEncoders {
 public:
  using ReadText = std::function<Result<std::string>(const std::string& path)>;
  explicit TextEncoders(ReadText read) : read_(std::move(read)) {}

  /// That of the checkpoint's tokenizer.json or else tokenizer.model, with what its
  /// tokenizer_config.json says. E594 where it has neither or they cannot be read, and what
  /// TextEncoder says of them.
  Result<std::shared_ptr<const TextEncoder>> open(const Checkpoint& checkpoint);

 private:
  Result<std::shared_ptr<const TextEncoder>> read(const Checkpoint& checkpoint) const;
  Result<std::string> read_file(const std::string& path) const;
  Result<EncoderSettings> settings(const Checkpoint& checkpoint) const;

  ReadText read_;
  std::map<const Checkpoint*, std::shared_ptr<const TextEncoder>> known_;
};

}  // namespace inarch
