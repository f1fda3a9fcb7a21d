#include "compiler/ir/quantization_entries.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "compiler/ir/compressed_tensors_entry.h"

namespace inarch {

namespace {

constexpr std::string_view compressed_tensors = "compressed-tensors";

std::string method_named(const Value& entry) {
  const Value* method = entry.find("quant_method");
  return method != nullptr && method->if_text() != nullptr ? *method->if_text() : "";
}

Value fp8_entry(const Encoding& encoding) {
  constexpr std::int64_t usual = 128;
  const bool fp8 = encoding.codec == Codec::scaled_fp8;
  Value::Map entry = {{"quant_method", "fp8"},
                      {"fmt", "e4m3"},
                      {"weight_block_size", Value::List{fp8 ? encoding.block_rows : usual,
                                                        fp8 ? encoding.block_columns : usual}},
                      {"activation_scheme", "dynamic"}};
  if (encoding.scale == DType::f8_e8m0) entry.emplace_back("scale_fmt", "ue8m0");
  return entry;
}

/// What transformers' BitsAndBytesConfig saves.
Value bnb_entry(const Encoding& encoding, std::string_view dtype) {
  constexpr double usual_threshold = 6;
  return Value::Map{{"quant_method", "bitsandbytes"},
                    {"load_in_4bit", true},
                    {"load_in_8bit", false},
                    {"_load_in_4bit", true},
                    {"_load_in_8bit", false},
                    {"bnb_4bit_compute_dtype", dtype},
                    {"bnb_4bit_quant_storage", "uint8"},
                    {"bnb_4bit_quant_type", encoding.fp4_map ? "fp4" : "nf4"},
                    {"bnb_4bit_use_double_quant", encoding.nested_block > 0},
                    {"llm_int8_enable_fp32_cpu_offload", false},
                    {"llm_int8_has_fp16_weight", false},
                    {"llm_int8_skip_modules", Value()},
                    {"llm_int8_threshold", usual_threshold}};
}

/// Under which key a method lists what it leaves alone; "" when it has no such list.
std::string_view skip_key(const Value& entry) {
  const std::string method = method_named(entry);
  if (method == "bitsandbytes") return "llm_int8_skip_modules";
  if (method == compressed_tensors) return "ignore";
  if (method == "fp8" && entry.find("ignored_layers") != nullptr) return "ignored_layers";
  if (method == "fp8" || method == "awq" || method == "mxfp4" || method == "fbgemm_fp8")
    return "modules_to_not_convert";
  return "";
}

}  // namespace

std::string_view method_of(const Storage& storage) {
  if (storage.strategy) return compressed_tensors;
  return storage.encoding->codec == Codec::bnb4 ? "bitsandbytes" : "fp8";
}

Value make_quantization_entry(const Storage& storage, std::string_view dtype) {
  if (storage.strategy) return compressed_tensors_entry(storage);
  const Encoding& encoding = *storage.encoding;
  return encoding.codec == Codec::bnb4 ? bnb_entry(encoding, dtype) : fp8_entry(encoding);
}

bool skips_by_list_alone(const Value& entry) { return method_named(entry) == compressed_tensors; }

bool entry_fits(const Value& entry, const Storage& storage) {
  if (method_named(entry) != method_of(storage)) return false;
  if (storage.strategy) return compressed_tensors_fits(entry, storage);
  const Encoding& encoding = *storage.encoding;
  if (encoding.codec == Codec::bnb4) return true;  // each tensor has a state of its own
  const Value* format = entry.find("scale_fmt");
  const bool powers = format != nullptr && *format == Value("ue8m0");
  if (powers != (encoding.scale == DType::f8_e8m0)) return false;
  if (encoding.codec != Codec::scaled_fp8) return true;
  const Value* block = entry.find("weight_block_size");
  return block != nullptr &&
         *block == Value(Value::List{encoding.block_rows, encoding.block_columns});
}

bool skip_modules(Value& entry, const std::vector<std::string>& modules) {
  if (modules.empty()) return true;
  const std::string key(skip_key(entry));
  if (key.empty()) return false;
  const Value* known = entry.find(key);
  Value::List list;
  if (known != nullptr && known->if_list() != nullptr) {
    list = *known->if_list();
  } else {
    list.emplace_back("lm_head");
  }
  std::unordered_set<std::string> listed;
  for (const Value& module : list) {
    if (module.if_text() != nullptr) listed.insert(*module.if_text());
  }
  for (const std::string& module : modules) {
    if (listed.insert(module).second) list.emplace_back(module);
  }
  return entry.set_path(key, Value(std::move(list)));
}

void unskip_modules(Value& entry, const std::vector<std::string>& modules) {
  const std::string key(skip_key(entry));
  const Value* known = key.empty() ? nullptr : entry.find(key);
  if (known == nullptr || known->if_list() == nullptr) return;
  const std::unordered_set<std::string> taken(modules.begin(), modules.end());
  Value::List list = *known->if_list();
  const std::size_t before = list.size();
  std::erase_if(list, [&](const Value& module) {
    return module.if_text() != nullptr && taken.contains(*module.if_text());
  });
  if (list.size() != before) entry.set_path(key, Value(std::move(list)));
}

}  // namespace inarch
