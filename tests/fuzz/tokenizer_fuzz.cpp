// A tokenizer.json of any content is read or refused, and one that is read encodes any text or says
// why not. The text is what follows the first byte 0.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "compiler/tokenize/text_encoder.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 64 * 1024) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t end = input.find('\0');
  const std::string_view document = input.substr(0, end);
  const std::string_view text = end == std::string_view::npos
                                    ? std::string_view("the cat  12 \xC3\xA9\n<s>")
                                    : input.substr(end + 1, 200);
  inarch::EncoderSettings settings;
  settings.bos = "<s>";
  const auto encoder = inarch::TextEncoder::from_json(document, settings);
  if (!encoder) return 0;
  for (const auto special : {inarch::SpecialTokens::as_model, inarch::SpecialTokens::bos}) {
    const auto ids = encoder->encode(text, special);
    (void)ids;
  }
  return 0;
}
