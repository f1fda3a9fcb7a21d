#include "compiler/tokenize/text_encoder.h"

#include "compiler/support/text.h"
#include "compiler/tokenize/step_fields.h"

namespace inarch {

EncoderSettings read_encoder_settings(const Value& tokenizer_config) {
  EncoderSettings settings;
  const Value* bos = tokenizer_config.find("bos_token");
  if (bos && bos->if_map()) bos = bos->find("content");
  if (bos && bos->if_text()) settings.bos = *bos->if_text();
  settings.add_bos = step_flag(tokenizer_config, "add_bos_token", true);
  settings.add_eos = step_flag(tokenizer_config, "add_eos_token", false);
  return settings;
}

Result<std::vector<std::int64_t>> TextEncoder::encode(std::string_view text,
                                                      SpecialTokens special) const {
  if (!is_utf8(text)) return error("E593", "the text to be encoded is no UTF-8");
  std::vector<std::int64_t> ids;
  Status status = special == SpecialTokens::bos ? engine_->encode_behind_bos(text, ids)
                                                : engine_->encode(text, ids);
  if (!status) return std::move(status.error());
  if (special == SpecialTokens::as_model) engine_->frame(ids);
  return ids;
}

}  // namespace inarch
