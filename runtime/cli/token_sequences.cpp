#include "runtime/cli/token_sequences.h"

#include <fmt/format.h>

#include "compiler/core/json.h"
#include "compiler/support/text.h"
#include "runtime/io/file.h"

namespace inarch {

namespace {

constexpr std::int64_t most_bytes = std::int64_t{1} << 30;

Diagnostic malformed(const std::string& what) {
  return error("E587", fmt::format("--tokens has {}, expected token ids", what))
      .hint("a list of ids, [1, 2, 3], or a list of such lists");
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

Result<std::vector<TokenSequence>> read_sequences(const Value::List& list) {
  std::vector<TokenSequence> sequences;
  for (const Value& value : list) {
    if (value.if_text() != nullptr) {
      return error("E588", "--tokens has texts, and only ids can be run")
          .hint("give the ids that the model's tokenizer makes of them");
    }
    const Value::List* inner = value.if_list();
    if (inner == nullptr) return malformed(std::string(value.kind()) + " beside lists");
    auto ids = read_sequence(*inner);
    if (!ids) return ids.error();
    sequences.push_back(std::move(*ids));
  }
  return sequences;
}

}  // namespace

Result<std::vector<TokenSequence>> read_token_sequences(const std::string& given,
                                                        const std::string& /*model*/) {
  const bool is_json = given.find_first_not_of(" \t\r\n") != std::string::npos &&
                       given[given.find_first_not_of(" \t\r\n")] == '[';
  auto text = is_json ? Result<std::string>(given) : read_small_file(given, most_bytes);
  if (!text) return text.error();
  const std::string place = is_json ? "--tokens" : given;
  const auto parsed = parse_json(*text, place);
  if (!parsed) return parsed.error();
  const Value::List* list = parsed->if_list();
  if (list == nullptr) return malformed(std::string(parsed->kind())).in(place);
  const bool is_one = !list->empty() && list->front().is_number();
  if (is_one) {
    auto ids = read_sequence(*list);
    if (!ids) return ids.error();
    return std::vector<TokenSequence>{std::move(*ids)};
  }
  return read_sequences(*list);
}

}  // namespace inarch
