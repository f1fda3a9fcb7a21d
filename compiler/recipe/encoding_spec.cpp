#include "compiler/recipe/encoding_spec.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "compiler/recipe/bind_config.h"
#include "compiler/recipe/fp8_settings.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

constexpr std::array<std::pair<std::string_view, EncodingKind>, 5> kind_names = {{
    {"none", EncodingKind::none},
    {"fp8", EncodingKind::fp8},
    {"mxfp4", EncodingKind::mxfp4},
    {"nf4", EncodingKind::nf4},
    {"fp4", EncodingKind::fp4},
}};

std::optional<EncodingKind> kind_named(std::string_view name) {
  for (const auto& [known, kind] : kind_names) {
    if (known == name) return kind;
  }
  return std::nullopt;
}

/// How it is when nothing else is said: as the libraries do it.
EncodingSpec usual(EncodingKind kind) {
  constexpr std::int64_t fp8_block = 128, bnb_block = 64;
  switch (kind) {
    case EncodingKind::fp8:
      return {kind, fp8_block, fp8_block, DType::f32, false};
    case EncodingKind::mxfp4:
      return {kind, 1, mxfp4_group, DType::f8_e8m0, false};
    case EncodingKind::nf4:
    case EncodingKind::fp4:
      return {kind, 1, bnb_block, DType::f32, false};
    case EncodingKind::none:
      break;
  }
  return {};
}

bool is_bnb(EncodingKind kind) { return kind == EncodingKind::nf4 || kind == EncodingKind::fp4; }

class EncodingReader {
 public:
  EncodingReader(const YamlNode& node, Diagnostics& diagnostics)
      : node_(node), diagnostics_(diagnostics) {}

  std::optional<EncodingSpec> read(const Value& value) {
    if (value.if_text() != nullptr) return named(*value.if_text(), nullptr);
    if (value.is_null()) return EncodingSpec{};
    const Value::Map* map = value.if_map();
    if (map != nullptr && map->size() == 1) return named(map->front().first, &map->front().second);
    return fault("an encoding is a name, or a name with what is special about it");
  }

 private:
  std::optional<EncodingSpec> named(const std::string& name, const Value* settings) {
    const auto kind = kind_named(name);
    if (!kind) return fault(fmt::format("'{}' is no encoding", escape_for_terminal(name)));
    EncodingSpec spec = usual(*kind);
    if (settings == nullptr || settings->is_null()) return spec;
    const Value::Map* map = settings->if_map();
    if (map == nullptr) return fault(fmt::format("what is special about {} is a mapping", name));
    const auto faulty = set_all(spec, *map);
    if (!faulty) return spec;
    return fault(fmt::format("'{}: {}' makes no sense for {}", escape_for_terminal(faulty->first),
                             escape_for_terminal(to_text(faulty->second)), name));
  }

  /// The first entry that makes no sense. What others depend on comes first, wherever it stands.
  static std::optional<Value::Map::value_type> set_all(EncodingSpec& spec, const Value::Map& map) {
    std::vector<const Value::Map::value_type*> entries;
    for (const auto& entry : map) entries.push_back(&entry);
    const auto rank = [](const Value::Map::value_type* entry) { return fp8_rank(entry->first); };
    std::stable_sort(entries.begin(), entries.end(),
                     [&](const auto* a, const auto* b) { return rank(a) < rank(b); });
    for (const auto* entry : entries) {
      if (!set(spec, entry->first, entry->second)) return *entry;
    }
    return std::nullopt;
  }

  static bool set(EncodingSpec& spec, std::string_view key, const Value& value) {
    if (spec.kind == EncodingKind::fp8) return set_fp8(spec, key, value);
    if (!is_bnb(spec.kind)) return false;
    if (key == "nested") {
      if (value.if_bool() == nullptr) return false;
      spec.nested = *value.if_bool();
      return true;
    }
    // Those that bitsandbytes has.
    static constexpr std::array<std::int64_t, 8> sizes = {32, 64, 128, 256, 512, 1024, 2048, 4096};
    const std::int64_t* size = value.if_int();
    if (key != "block" || size == nullptr) return false;
    spec.block_columns = *size;
    return std::find(sizes.begin(), sizes.end(), *size) != sizes.end();
  }

  std::nullopt_t fault(std::string message) {
    diagnostics_.add(error("E170", std::move(message))
                         .at(node_.span)
                         .note("encodings: fp8, mxfp4, nf4, fp4 and none; fp8 may have a block of "
                               "two sizes and scales f32 or e8m0, nf4 and fp4 a block and nested")
                         .note("fp8 with the layout compressed-tensors may have the strategy "
                               "channel, tensor or block, scales f32, bf16 or f16, and a block "
                               "where that is the strategy"));
    return std::nullopt;
  }

  const YamlNode& node_;
  Diagnostics& diagnostics_;
};

}  // namespace

std::optional<EncodingSpec> bind_encoding(const YamlNode& node, const Scope& scope,
                                          Diagnostics& diagnostics) {
  const auto value = evaluate_node(node, scope, diagnostics);
  if (!value) return std::nullopt;
  return EncodingReader(node, diagnostics).read(*value);
}

}  // namespace inarch
