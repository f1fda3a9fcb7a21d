#include "runtime/cli/token_sequences.h"

#include <utility>

#include <fmt/format.h>

#include "compiler/core/json.h"
#include "compiler/recipe/text_encoders.h"
#include "runtime/io/file.h"

namespace inarch {

namespace {

constexpr std::int64_t most_bytes = std::int64_t{1} << 30;

Diagnostic malformed(const std::string& what) {
  return error("E587", fmt::format("--tokens has {}, expected token ids", what))
      .hint("a list of ids, [1, 2, 3], or a list of such lists, or of texts");
}

Result<TokenSequence> read_sequence(const Value::List& list) {
  TokenSequence ids;
  ids.reserve(list.size());
  for (const Value& value : list) {
    if (value.if_int() == nullptr) return malformed(std::string(value.kind()));
    ids.push_back(*value.if_int());
  }
  return ids;
}

Result<TokenSequence> encode_text(const std::string& text, const Checkpoint& model,
                                  TextEncoders& encoders) {
  const auto encoder = encoders.open(model);
  if (!encoder) return encoder.error();
  return (*encoder)->encode(text, SpecialTokens::as_model);
}

Result<std::vector<TokenSequence>> read_sequences(const Value::List& list,
                                                  const Checkpoint& model) {
  TextEncoders encoders([](const std::string& path) { return read_small_file(path, most_bytes); });
  std::vector<TokenSequence> sequences;
  for (const Value& value : list) {
    const Value::List* inner = value.if_list();
    const std::string* text = value.if_text();
    if (inner == nullptr && text == nullptr)
      return malformed(std::string(value.kind()) + " beside sequences");
    auto ids = text != nullptr ? encode_text(*text, model, encoders) : read_sequence(*inner);
    if (!ids) return ids.error();
    sequences.push_back(std::move(*ids));
  }
  return sequences;
}

}  // namespace

Result<std::vector<TokenSequence>> read_token_sequences(const std::string& given,
                                                        const Checkpoint& model) {
  const std::size_t begin = given.find_first_not_of(" \t\r\n");
  const bool is_json = begin != std::string::npos && given[begin] == '[';
  auto text = is_json ? Result<std::string>(given) : read_small_file(given, most_bytes);
  if (!text) return text.error();
  const std::string place = is_json ? "--tokens" : given;
  const auto parsed = parse_json(*text, place);
  if (!parsed) return parsed.error();
  const Value::List* list = parsed->if_list();
  if (list == nullptr) return malformed(std::string(parsed->kind())).in(place);
  const bool is_one = !list->empty() && list->front().is_number();
  if (!is_one) return read_sequences(*list, model);
  auto ids = read_sequence(*list);
  if (!ids) return ids.error();
  return std::vector<TokenSequence>{std::move(*ids)};
}

}  // namespace inarch
