#include "runtime/executor/manifest.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <numeric>
#include <set>

#include <fmt/format.h>

#include "compiler/core/json.h"
#include "compiler/core/value.h"
#include "compiler/plan/output_names.h"
#include "compiler/plan/plan_json.h"
#include "compiler/support/text.h"
#include "runtime/io/directory.h"
#include "runtime/io/file.h"
#include "runtime/kernels/content_hash.h"

namespace inarch {

namespace {

constexpr std::string_view version = "manifest/1";
constexpr std::int64_t most_bytes = std::int64_t{1} << 30;

template <typename... Args>
void put(std::string& out, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(out), format, std::forward<Args>(args)...);
}

template <typename Item, typename Write>
void put_section(std::string& out, std::string_view title, const std::vector<Item>& items,
                 Write&& write) {
  put(out, ",\n\"{}\": [", title);
  for (std::size_t i = 0; i < items.size(); ++i) {
    out += i == 0 ? "\n" : ",\n";
    write(items[i]);
  }
  out += items.empty() ? "]" : "\n]";
}

void put_source(std::string& out, const PlanSource& source) {
  put(out, "{{\"name\": {}, \"location\": {}, \"files\": [", json_quote(source.name),
      json_quote(source.location));
  for (std::size_t i = 0; i < source.files.size(); ++i) {
    const FileIdentity& file = source.files[i];
    // The inode as text: it may need 64 bits, which many readers of JSON do not have.
    put(out,
        "{}{{\"path\": {}, \"name\": {}, \"size\": {}, \"mtime_ns\": {}, \"inode\": \"{}\", "
        "\"header_sha256\": {}}}",
        i == 0 ? "" : ", ", json_quote(file.path), json_quote(file.name), file.size, file.mtime_ns,
        file.inode, json_quote(file.header_sha256));
  }
  out += "]}";
}

/// Takes values by key and remembers whether one was missing or of another kind.
class Entry {
 public:
  Entry(const Value& value, bool& good) : value_(value), good_(good) {}

  std::string text(std::string_view key) const {
    const Value* found = value_.find(key);
    const std::string* text = found == nullptr ? nullptr : found->if_text();
    if (text == nullptr) good_ = false;
    return text == nullptr ? std::string() : *text;
  }
  std::int64_t integer(std::string_view key) const {
    const Value* found = value_.find(key);
    const std::int64_t* number = found == nullptr ? nullptr : found->if_int();
    if (number == nullptr) good_ = false;
    return number == nullptr ? 0 : *number;
  }
  const Value::List& list(std::string_view key) const {
    static const Value::List none;
    const Value* found = value_.find(key);
    const Value::List* list = found == nullptr ? nullptr : found->if_list();
    if (list == nullptr) good_ = false;
    return list == nullptr ? none : *list;
  }

 private:
  const Value& value_;
  bool& good_;
};

std::uint64_t parse_inode(const std::string& text, bool& good) {
  std::uint64_t inode = 0;
  const char* end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, inode);
  if (failure != std::errc() || stop != end) good = false;
  return inode;
}

PlanSource read_source(const Value& value, bool& good) {
  const Entry entry(value, good);
  PlanSource source;
  source.name = entry.text("name");
  source.location = entry.text("location");
  for (const Value& item : entry.list("files")) {
    const Entry file(item, good);
    source.files.push_back({file.text("path"), file.text("name"), file.integer("size"),
                            file.integer("mtime_ns"), parse_inode(file.text("inode"), good),
                            file.text("header_sha256")});
  }
  return source;
}

Manifest::Tensor read_tensor(const Value& value, bool& good) {
  const Entry entry(value, good);
  Manifest::Tensor tensor;
  tensor.name = entry.text("name");
  const auto dtype = dtype_from_header(entry.text("dtype"));
  if (!dtype) good = false;
  tensor.dtype = dtype.value_or(DType::f32);
  for (const Value& size : entry.list("shape")) {
    const std::int64_t* number = size.if_int();
    if (number == nullptr) good = false;
    tensor.shape.push_back(number == nullptr ? 0 : *number);
  }
  tensor.file = entry.text("file");
  tensor.digest = entry.text("digest");
  return tensor;
}

/// The errors to six digits: they are the same on any machine but for the last ones.
void put_factors(std::string& out, const Manifest::Factors& factors) {
  std::string names;
  for (const std::string& name : factors.tensors) {
    if (!names.empty()) names += ", ";
    names += json_quote(name);
  }
  put(out,
      "{{\"tensors\": [{}], \"shape\": [{}, {}], \"rank\": {}, \"exact\": {}, "
      "\"relative_error\": {:.6g}",
      names, factors.rows, factors.columns, factors.rank, factors.exact, factors.relative_error);
  if (factors.weighted_error) put(out, ", \"weighted_error\": {:.6g}", *factors.weighted_error);
  out += '}';
}

Manifest::Factors read_factors(const Value& value, bool& good) {
  const Entry entry(value, good);
  Manifest::Factors factors;
  for (const Value& name : entry.list("tensors")) {
    if (name.if_text() == nullptr) good = false;
    factors.tensors.push_back(name.if_text() == nullptr ? "" : *name.if_text());
  }
  const Value::List& shape = entry.list("shape");
  const bool whole =
      shape.size() == 2 && shape[0].if_int() != nullptr && shape[1].if_int() != nullptr;
  if (!whole) good = false;
  factors.rows = whole ? *shape[0].if_int() : 0;
  factors.columns = whole ? *shape[1].if_int() : 0;
  factors.rank = entry.integer("rank");
  const auto number = [&](std::string_view key) -> std::optional<double> {
    const Value* found = value.find(key);
    if (found == nullptr || !found->is_number()) return std::nullopt;
    return found->as_real();
  };
  const Value* exact = value.find("exact");
  const auto error = number("relative_error");
  if (exact == nullptr || exact->if_bool() == nullptr || !error) good = false;
  factors.exact = exact != nullptr && exact->if_bool() != nullptr && *exact->if_bool();
  factors.relative_error = error.value_or(0);
  factors.weighted_error = number("weighted_error");
  return factors;
}

/// Names of files inside the directory, and of nothing else.
bool names_are_plain(const Manifest& manifest) {
  const std::set<std::string_view> directories = directories_of(manifest.parts);
  const auto plain = [&](const auto& item) { return is_file_name(item.name, directories); };
  return std::all_of(directories.begin(), directories.end(), is_plain_name) &&
         std::all_of(manifest.shards.begin(), manifest.shards.end(), plain) &&
         std::all_of(manifest.files.begin(), manifest.files.end(), plain);
}

Diagnostic unusable(const std::string& path, std::string why) {
  return error("E810", std::move(why)).in(path);
}

}  // namespace

std::string write_manifest(const Manifest& m) {
  std::string out;
  put(out, "{{\n\"inarch\": \"{}\",\n\"tool\": {},\n", version, json_quote(m.tool_version));
  put(out, "\"recipe\": {{\"name\": {}, \"path\": {}, \"sha256\": {}}},\n",
      json_quote(m.recipe_name), json_quote(m.recipe_path), json_quote(m.recipe_sha256));
  put(out, "\"plan\": {},\n\"digest\": {},\n\"products\": {}", json_quote(m.plan_digest),
      json_quote(m.output_digest), json_quote(m.products));
  put_section(out, "sources", m.sources, [&](const auto& source) { put_source(out, source); });
  if (!m.parts.empty()) {
    put_section(out, "parts", m.parts, [&](const OutputPart& part) {
      put(out, "{{\"name\": {}, \"directory\": {}, \"parameters\": {}, \"buffer_elements\": {}}}",
          json_quote(part.name), json_quote(part.directory), part.parameters, part.buffer_elements);
    });
  }
  put_section(out, "shards", m.shards, [&](const Manifest::Shard& shard) {
    put(out, "{{\"name\": {}, \"size\": {}, \"header_sha256\": {}}}", json_quote(shard.name),
        shard.size, json_quote(shard.header_sha256));
  });
  put_section(out, "files", m.files, [&](const Manifest::SideFile& file) {
    put(out, "{{\"name\": {}, \"size\": {}, \"sha256\": {}}}", json_quote(file.name), file.size,
        json_quote(file.sha256));
  });
  put_section(out, "tensors", m.tensors, [&](const Manifest::Tensor& tensor) {
    put(out, "{{\"name\": {}, \"dtype\": \"{}\", \"shape\": {}, \"file\": {}, \"digest\": \"{}\"}}",
        json_quote(tensor.name), header_name(tensor.dtype), format_shape(tensor.shape),
        json_quote(tensor.file), tensor.digest);
  });
  if (!m.factors.empty()) {
    put_section(out, "factors", m.factors,
                [&](const Manifest::Factors& factors) { put_factors(out, factors); });
  }
  put(out, ",\n\"checks\": {}", write_checks(m.checks));
  if (!m.logits_checks.empty()) put(out, ",\n\"logits_checks\": {}", write_checks(m.logits_checks));
  out += "\n}\n";
  return out;
}

Result<Manifest> read_manifest(std::string_view text, const std::string& path) {
  const auto parsed = parse_json(text, path);
  if (!parsed) return unusable(path, "not valid JSON: " + parsed.error().message);
  const Value* found_version = parsed->find("inarch");
  if (found_version == nullptr || !(*found_version == Value(version))) {
    return unusable(path, fmt::format("not a manifest of version '{}'", version));
  }
  bool good = true;
  const Entry entry(*parsed, good);
  Manifest m;
  m.tool_version = entry.text("tool");
  const Value* recipe = parsed->find("recipe");
  const Value nothing;
  const Entry of_recipe(recipe == nullptr ? nothing : *recipe, good);
  m.recipe_name = of_recipe.text("name");
  m.recipe_path = of_recipe.text("path");
  m.recipe_sha256 = of_recipe.text("sha256");
  m.plan_digest = entry.text("plan");
  m.output_digest = entry.text("digest");
  m.products = entry.text("products");
  for (const Value& item : entry.list("sources")) m.sources.push_back(read_source(item, good));
  if (parsed->find("parts") != nullptr) {
    for (const Value& item : entry.list("parts")) {
      const Entry part(item, good);
      m.parts.push_back({part.text("name"), part.text("directory"), part.integer("parameters"),
                         part.integer("buffer_elements")});
    }
  }
  for (const Value& item : entry.list("shards")) {
    const Entry shard(item, good);
    m.shards.push_back({shard.text("name"), shard.integer("size"), shard.text("header_sha256")});
  }
  for (const Value& item : entry.list("files")) {
    const Entry file(item, good);
    m.files.push_back({file.text("name"), file.integer("size"), file.text("sha256")});
  }
  for (const Value& item : entry.list("tensors")) m.tensors.push_back(read_tensor(item, good));
  if (parsed->find("factors") != nullptr) {
    for (const Value& item : entry.list("factors")) m.factors.push_back(read_factors(item, good));
  }
  if (entry.list("checks"); !good) return unusable(path, "the manifest is incomplete");
  if (!names_are_plain(m)) return unusable(path, "the manifest names files outside its directory");
  auto checks = read_checks(write_json(*parsed->find("checks"), JsonStyle::compact), path);
  if (!checks) return unusable(path, checks.error().message);
  m.checks = std::move(*checks);
  if (const Value* claims = parsed->find("logits_checks"); claims != nullptr) {
    auto logits_checks = read_logits_checks(write_json(*claims, JsonStyle::compact), path);
    if (!logits_checks) return unusable(path, logits_checks.error().message);
    m.logits_checks = std::move(*logits_checks);
  }
  return m;
}

namespace {

/// One of several checkpoints that were built together has its manifest one level up.
std::string hint_above(const std::string& directory) {
  const std::string whole = real_path(directory);
  const std::string path = join_path(parent_path(whole), manifest_name);
  const auto text = read_small_file(path, most_bytes);
  if (text.ok()) {
    const auto above = read_manifest(*text, path);
    if (above.ok() && directories_of(above->parts).contains(base_name(whole))) {
      return fmt::format("it was built together with others: inarch verify {}",
                         escape_for_terminal(parent_path(directory)));
    }
  }
  return "only checkpoints that `inarch run` has built can be verified";
}

}  // namespace

Result<Manifest> load_manifest(const std::string& directory) {
  const std::string path = join_path(directory, manifest_name);
  if (!is_regular_file(path)) {
    return unusable(path, "there is no manifest here").hint(hint_above(directory));
  }
  const auto text = read_small_file(path, most_bytes);
  if (!text) return text.error();
  return read_manifest(*text, path);
}

std::string digest_of_tensors(const std::vector<Manifest::Tensor>& tensors) {
  std::vector<std::size_t> order(tensors.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto key = [&](std::size_t i) {
    return std::pair(directory_of(tensors[i].file), std::string_view(tensors[i].name));
  };
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
  ContentHash hash;
  for (const std::size_t i : order) {
    const Manifest::Tensor& tensor = tensors[i];
    std::string line;
    if (const auto directory = directory_of(tensor.file); !directory.empty())
      put(line, "{}/", directory);
    line += tensor.name;
    line += '\0';
    put(line, "{} {} {}\n", header_name(tensor.dtype), format_shape(tensor.shape), tensor.digest);
    hash.update(line.data(), line.size());
  }
  return hex(hash.digest());
}

}  // namespace inarch
