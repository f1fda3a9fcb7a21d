#include "compiler/tokenize/post_processor.h"

#include "compiler/tokenize/step_fields.h"

namespace inarch {

namespace {

/// The ids that a template's special token stands for.
Result<std::vector<std::int64_t>> special_ids(const Value& step, const Value& token) {
  const auto name = step_text(token, "id");
  const Value* all = step.find("special_tokens");
  const Value* entry = name && all ? all->find(*name) : nullptr;
  const Value* ids = entry ? entry->find("ids") : nullptr;
  if (!ids || !ids->if_list()) return unknown_step("template", "with a token that has no ids");
  std::vector<std::int64_t> found;
  for (const Value& id : *ids->if_list()) {
    if (!id.if_int()) return unknown_step("template", "with a token whose id is no integer");
    found.push_back(*id.if_int());
  }
  return found;
}

Result<TokenFrame> read_template(const Value& step) {
  const Value* parts = step.find("single");
  if (!parts || !parts->if_list()) return unknown_step("template", "that is no list");
  TokenFrame frame;
  int texts = 0;
  for (const Value& part : *parts->if_list()) {
    if (const Value* token = part.find("SpecialToken")) {
      const auto ids = special_ids(step, *token);
      if (!ids) return ids.error();
      auto& side = texts == 0 ? frame.before : frame.after;
      side.insert(side.end(), ids->begin(), ids->end());
    } else if (part.find("Sequence")) {
      ++texts;
    } else {
      return unknown_step("template", "with a part that is no token and no text");
    }
  }
  if (texts != 1) return unknown_step("template", "that does not have the text once");
  return frame;
}

/// [text, id], of `cls` and `sep`.
Result<std::int64_t> paired_id(const Value& step, std::string_view key) {
  const Value* pair = step.find(key);
  const Value::List* list = pair ? pair->if_list() : nullptr;
  if (!list || list->size() != 2 || !(*list)[1].if_int())
    return unknown_step("post-processor", "without cls and sep");
  return *(*list)[1].if_int();
}

Result<TokenFrame> read_cls_and_sep(const Value& step) {
  const auto cls = paired_id(step, "cls");
  if (!cls) return cls.error();
  const auto sep = paired_id(step, "sep");
  if (!sep) return sep.error();
  return TokenFrame{{*cls}, {*sep}};
}

Result<TokenFrame> read_frame(const Value& step, int depth) {
  const std::string type = step_type(step);
  if (type == "ByteLevel") return TokenFrame();  // which only moves offsets
  if (type == "TemplateProcessing") return read_template(step);
  if (type == "BertProcessing" || type == "RobertaProcessing") return read_cls_and_sep(step);
  const Value* steps = step.find("processors");
  if (type != "Sequence" || !steps || !steps->if_list() || depth > 20)
    return unknown_step("post-processor", type.empty() ? "without a type" : type);
  TokenFrame frame;
  for (const Value& inner : *steps->if_list()) {
    const auto next = read_frame(inner, depth + 1);
    if (!next) return next.error();
    frame.before.insert(frame.before.begin(), next->before.begin(), next->before.end());
    frame.after.insert(frame.after.end(), next->after.begin(), next->after.end());
  }
  return frame;
}

}  // namespace

Result<TokenFrame> read_token_frame(const Value* step) {
  if (!step || step->is_null()) return TokenFrame();
  return read_frame(*step, 0);
}

}  // namespace inarch
