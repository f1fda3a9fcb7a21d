#include "compiler/tokenize/normalizer.h"

#include "compiler/support/text.h"
#include "compiler/tokenize/byte_alphabet.h"
#include "compiler/tokenize/step_fields.h"
#include "compiler/tokenize/unicode_text.h"

namespace inarch {

namespace {

using NormalizerStep = std::function<Status(std::string&)>;

/// A step that cannot fail.
template <typename Make>
NormalizerStep always(Make make) {
  return [make](std::string& text) {
    text = make(text);
    return Status();
  };
}

NormalizerStep to_form(NormalForm form) {
  return always([form](const std::string& text) { return normalized_text(text, form); });
}

NormalizerStep replacement(TextPattern pattern, std::string content) {
  return [pattern = std::move(pattern), content = std::move(content)](std::string& text) {
    const auto matches = pattern.find_all(text);
    if (!matches) return Status(matches.error());
    if (matches->empty()) return Status();
    std::string result;
    std::size_t at = 0;
    for (const TextRange& match : *matches) {
      result.append(text, at, match.begin - at).append(content);
      at = match.end;
    }
    text = result.append(text, at);
    return Status();
  };
}

std::string stripped(std::string_view text, bool left, bool right) {
  std::size_t begin = 0, end = 0;  // of what stays
  bool any = false;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = decode_utf8(text, at);
    if (!is_unicode_space(point.value)) {
      if (!any) begin = at;
      any = true;
      end = at + point.length;
    }
    at += point.length == 0 ? 1 : point.length;
  }
  if (!any) return left || right ? std::string() : std::string(text);
  if (!left) begin = 0;
  if (!right) end = text.size();
  return std::string(text.substr(begin, end - begin));
}

}  // namespace

Result<TextNormalizer> TextNormalizer::read(const Value* step) {
  TextNormalizer normalizer;
  if (!step || step->is_null()) return normalizer;
  Status status = normalizer.add(*step, 0);
  if (!status) return status.error();
  return normalizer;
}

Status TextNormalizer::add(const Value& step, int depth) {
  if (depth > 20) return unknown_step("normalizer", "that is nested too deep");
  if (step_type(step) != "Sequence") {
    auto made = simple_step(step);
    if (!made) return made.error();
    steps_.push_back(std::move(*made));
    return {};
  }
  const Value* steps = step.find("normalizers");
  if (!steps || !steps->if_list()) return unknown_step("normalizer", "Sequence without a list");
  for (const Value& inner : *steps->if_list()) {
    Status status = add(inner, depth + 1);
    if (!status) return status;
  }
  return {};
}

Result<TextNormalizer::Step> TextNormalizer::simple_step(const Value& step) {
  const std::string type = step_type(step);
  if (type == "NFC") return to_form(NormalForm::nfc);
  if (type == "NFD") return to_form(NormalForm::nfd);
  if (type == "NFKC") return to_form(NormalForm::nfkc);
  if (type == "NFKD") return to_form(NormalForm::nfkd);
  if (type == "Lowercase")
    return always([](const std::string& text) { return lowercase_text(text); });
  if (type == "StripAccents")
    return always([](const std::string& text) { return without_marks(text); });
  if (type == "ByteLevel") return always([](const std::string& text) { return spell_bytes(text); });
  if (type == "Strip") {
    const bool left = step_flag(step, "strip_left", true),
               right = step_flag(step, "strip_right", true);
    return always([=](const std::string& text) { return stripped(text, left, right); });
  }
  if (type == "Prepend") {
    const auto prefix = step_text(step, "prepend");
    if (!prefix) return unknown_step("normalizer", "Prepend without a text");
    return always([prefix = *prefix](const std::string& text) {
      return text.empty() ? text : prefix + text;
    });
  }
  if (type == "Replace") {
    const auto content = step_text(step, "content");
    auto pattern = step_pattern(step);
    if (!pattern) return pattern.error();
    if (!content) return unknown_step("normalizer", "Replace without a content");
    return replacement(std::move(*pattern), *content);
  }
  return unknown_step("normalizer", type.empty() ? "without a type" : type);
}

Result<std::string> TextNormalizer::apply(std::string text) const {
  for (const Step& step : steps_) {
    Status status = step(text);
    if (!status) return status.error();
  }
  return text;
}

}  // namespace inarch
