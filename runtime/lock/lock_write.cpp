#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "compiler/core/json.h"
#include "compiler/support/text.h"
#include "runtime/lock/base64.h"
#include "runtime/lock/lock.h"
#include "runtime/lock/tensor_rows.h"

namespace inarch {

namespace {

/// Joins what is written with commas, each on a line of its own.
class Lines {
 public:
  Lines(std::string& out, std::size_t depth) : out_(out), depth_(depth) {}

  std::string& next() {
    if (!first_) out_ += ',';
    first_ = false;
    return out_.append(1, '\n').append(2 * depth_, ' ');
  }
  void end(char bracket) {
    if (!first_) out_.append(1, '\n').append(2 * (depth_ - 1), ' ');
    out_ += bracket;
  }

 private:
  std::string& out_;
  std::size_t depth_;
  bool first_ = true;
};

void put_rows(const Value::List& rows, std::size_t depth, std::string& out) {
  out += '[';
  Lines lines(out, depth);
  for (const Value& row : rows) {
    const Value* over = row.find("for");
    if (!over) {
      lines.next() += write_json(row, JsonStyle::compact);
      continue;
    }
    lines.next() += fmt::format("{{\"for\": {}, \"tensors\": ", json_quote(*over->if_text()));
    put_rows(*row.find("tensors")->if_list(), depth + 1, out);
    out += '}';
  }
  lines.end(']');
}

/// A text by its lines, so that a change of one is a line in a comparison of two locks.
void put_content(const std::string& content, std::size_t depth, std::string& out) {
  if (!is_utf8(content)) {
    out += fmt::format(", \"base64\": \"{}\"", to_base64(content));
    return;
  }
  out += ", \"text\": [";
  Lines lines(out, depth + 1);
  for (std::size_t begin = 0; begin <= content.size();) {
    const std::size_t end = std::min(content.find('\n', begin), content.size());
    lines.next() += json_quote(std::string_view(content).substr(begin, end - begin));
    begin = end + 1;
  }
  lines.end(']');
}

void put_files(const std::vector<LockedFile>& files, std::size_t depth, std::string& out) {
  out += '[';
  Lines lines(out, depth);
  for (const LockedFile& file : files) {
    lines.next() += fmt::format("{{\"name\": {}, \"size\": {}, \"sha256\": {}",
                                json_quote(file.name), file.size, json_quote(file.sha256));
    if (file.content) put_content(*file.content, depth, out);
    out += '}';
  }
  lines.end(']');
}

void put_shards(const LockedSource& source, std::string& out) {
  out += '[';
  Lines lines(out, 4);
  std::size_t first = 0;
  for (std::size_t k = 0; k < source.shards.size(); ++k) {
    const LockedShard& shard = source.shards[k];
    std::size_t end = first;
    while (end < source.tensors.size() && source.tensors[end].file == k) ++end;
    lines.next() += '{';
    Lines fields(out, 5);
    fields.next() += fmt::format("\"name\": {}", json_quote(shard.name));
    fields.next() += fmt::format("\"size\": {}", shard.size);
    if (!shard.sha256.empty()) fields.next() += fmt::format("\"sha256\": \"{}\"", shard.sha256);
    fields.next() += fmt::format("\"sample_sha256\": \"{}\"", shard.sample_sha256);
    fields.next() += fmt::format("\"header_sha256\": \"{}\"", shard.header_sha256);
    fields.next() += fmt::format("\"header_bytes\": {}", shard.header_bytes);
    fields.next() += "\"tensors\": ";
    const std::span<const TensorInfo> all(source.tensors);
    put_rows(fold_tensors(all.subspan(first, end - first), source.values,
                          static_cast<std::uint32_t>(first)),
             6, out);
    fields.end('}');
    first = end;
  }
  lines.end(']');
}

void put_source(const LockedSource& source, std::string& out) {
  out += fmt::format("{}: {{", json_quote(source.name));
  Lines fields(out, 3);
  if (source.place) {
    const LockedPlace& place = *source.place;
    fields.next() +=
        fmt::format("\"{}\": {}", place.is_hub ? "hub" : "path", json_quote(place.location));
    if (!place.revision.empty())
      fields.next() += fmt::format("\"revision\": {}", json_quote(place.revision));
    if (!place.commit.empty())
      fields.next() += fmt::format("\"commit\": {}", json_quote(place.commit));
  }
  if (source.is_adapter) fields.next() += "\"adapter\": true";
  if (source.is_single_file) fields.next() += "\"single_file\": true";
  fields.next() += "\"files\": ";
  put_files(source.files, 4, out);
  Value::List others(source.others.begin(), source.others.end());
  fields.next() += "\"others\": " + write_json(Value(std::move(others)), JsonStyle::compact);
  fields.next() += "\"shards\": ";
  put_shards(source, out);
  fields.end('}');
}

}  // namespace

std::string write_lock(const Lock& lock) {
  std::string out = "{";
  Lines fields(out, 1);
  fields.next() += fmt::format("\"schema\": \"{}\"", lock_schema);
  fields.next() += "\"sources\": {";
  Lines sources(out, 2);
  for (const LockedSource& source : lock.sources) {
    sources.next();
    put_source(source, out);
  }
  sources.end('}');
  fields.next() += "\"files\": ";
  put_files(lock.files, 2, out);
  fields.end('}');
  return out + "\n";
}

const LockedFile* LockedSource::find_file(std::string_view wanted) const {
  for (const LockedFile& file : files) {
    if (file.name == wanted) return &file;
  }
  return nullptr;
}

const LockedSource* Lock::find(std::string_view source) const {
  for (const LockedSource& known : sources) {
    if (known.name == source) return &known;
  }
  return nullptr;
}

std::string lock_path_of(std::string_view recipe_path) {
  for (const std::string_view ending : {".yaml", ".yml"}) {
    if (!recipe_path.ends_with(ending)) continue;
    recipe_path.remove_suffix(ending.size());
    break;
  }
  return std::string(recipe_path) + ".lock";
}

}  // namespace inarch
