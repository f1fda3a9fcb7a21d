#include <algorithm>
#include <set>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "compiler/core/json.h"
#include "compiler/support/sha256.h"
#include "compiler/support/text.h"
#include "runtime/io/hub_cache.h"
#include "runtime/io/safetensors_header.h"
#include "runtime/io/weight_index.h"
#include "runtime/lock/base64.h"
#include "runtime/lock/lock.h"
#include "runtime/lock/lock_fields.h"
#include "runtime/lock/tensor_rows.h"

namespace inarch {

namespace {

constexpr std::size_t most_values = std::size_t{32} << 20;
/// What the shortest entry of a header takes, without its name.
constexpr std::int64_t least_entry = 45;

class LockReader {
 public:
  explicit LockReader(const std::string& path) : fault_(path) {}

  Result<Lock> read(const Value& document) {
    LockFields fields(document, "", fault_);
    if (const std::string schema = fields.text("schema"); schema != lock_schema) {
      fault_.set("", fmt::format("the schema is '{}', expected {}", escape_for_terminal(schema, 60),
                                 lock_schema));
    }
    for (const auto& [name, source] : fields.map("sources")) {
      LockFields of(source, fields.within("sources." + name), fault_);
      take_source(name, of);
      if (fault_.any()) break;
    }
    lock_.files = take_files(fields, "files");
    fields.done();
    if (fault_.any()) return fault_.take();
    return std::move(lock_);
  }

 private:
  void take_source(const std::string& name, LockFields& fields) {
    LockedSource source;
    source.name = name;
    source.place = take_place(fields);
    source.is_adapter = fields.flag("adapter");
    source.is_single_file = fields.flag("single_file");
    source.files = take_files(fields, "files");
    for (const LockedFile& file : source.files) {
      if (!is_file_name(file.name))
        fields.fail(fmt::format("'{}' is no file's name", escape_for_terminal(file.name)));
    }
    for (const Value& other : fields.list("others")) {
      if (other.if_text() && is_file_name(*other.if_text())) {
        source.others.push_back(*other.if_text());
      } else {
        fields.fail("'others' is no list of files' names");
      }
    }
    const Value::List& shards = fields.list("shards");
    for (std::size_t k = 0; k < shards.size() && !fault_.any(); ++k) {
      LockFields shard(shards[k], fields.within("shards", k), fault_);
      take_shard(shard, source);
    }
    fields.done();
    check_shards(source, fields);
    lock_.sources.push_back(std::move(source));
  }

  static bool is_file_name(const std::string& name) {
    return !unsafe_shard_name(name) && name.find('/') == name.npos;
  }

  std::optional<LockedPlace> take_place(LockFields& fields) {
    LockedPlace place;
    const std::string hub = fields.text_or_nothing("hub"), path = fields.text_or_nothing("path");
    place.is_hub = !hub.empty();
    place.location = place.is_hub ? hub : path;
    place.revision = fields.text_or_nothing("revision");
    place.commit = fields.text_or_nothing("commit");
    if (place.is_hub) {
      const auto reference = parse_hub_reference(hub, place.commit);
      if (!reference) fields.fail(reference.error().message);
      if (!path.empty()) fields.fail("a source has a path or is of a hub, not both");
    }
    if (place.location.empty()) return std::nullopt;
    return place;
  }

  std::vector<LockedFile> take_files(LockFields& fields, std::string_view key) {
    std::vector<LockedFile> files;
    const Value::List& list = fields.list(key);
    for (std::size_t k = 0; k < list.size(); ++k) {
      LockFields item(list[k], fields.within(key, k), fault_);
      LockedFile file{item.text("name"), item.size("size"), item.sha256("sha256"), {}};
      file.content = take_content(item);
      item.done();
      if (file.content && (static_cast<std::int64_t>(file.content->size()) != file.size ||
                           sha256_hex(*file.content) != file.sha256))
        item.fail(fmt::format("'{}' has another content than its digest says",
                              escape_for_terminal(file.name)));
      files.push_back(std::move(file));
    }
    return files;
  }

  static std::optional<std::string> take_content(LockFields& fields) {
    if (const Value* lines = fields.find("text")) {
      std::string text;
      const Value::List* list = lines->if_list();
      if (!list || list->empty()) fields.fail("'text' is no list of lines");
      for (std::size_t k = 0; list && k < list->size(); ++k) {
        if (k > 0) text += '\n';
        if ((*list)[k].if_text()) {
          text += *(*list)[k].if_text();
        } else {
          fields.fail("'text' is no list of lines");
        }
      }
      return text;
    }
    const std::string base64 = fields.text_or_nothing("base64");
    if (base64.empty()) return std::nullopt;
    auto bytes = from_base64(base64);
    if (!bytes) fields.fail("'base64' is no base64");
    return bytes;
  }

  void take_shard(LockFields& fields, LockedSource& source) {
    LockedShard shard;
    shard.name = fields.text("name");
    shard.size = fields.size("size");
    shard.header_bytes = fields.size("header_bytes");
    shard.header_sha256 = fields.sha256("header_sha256");
    shard.sample_sha256 = fields.sha256("sample_sha256");
    shard.sha256 = fields.sha256_or_nothing("sha256");
    const std::size_t first = source.tensors.size();
    const Value& rows = fields.at("tensors");
    fields.done();
    const auto bad_name = unsafe_shard_name(shard.name);
    if (bad_name) fields.fail(fmt::format("'name' {}", *bad_name));
    if (fault_.any()) return;
    RowBudget room{std::min(budget_.tensors, shard.header_bytes / least_entry), budget_.bytes};
    if (Status read = unfold_tensors(rows, room, source.tensors, source.values); !read)
      return fields.fail(read.error().message);
    budget_.tensors -= static_cast<std::int64_t>(source.tensors.size() - first);
    budget_.bytes = room.bytes;
    lay_out(shard, first, source, fields);
    source.shards.push_back(std::move(shard));
  }

  /// Tensors follow each other without gaps, as no safetensors file has any.
  static void lay_out(const LockedShard& shard, std::size_t first, LockedSource& source,
                      LockFields& fields) {
    std::int64_t at = shard.header_bytes;
    const std::span<TensorInfo> tensors = std::span(source.tensors).subspan(first);
    for (TensorInfo& tensor : tensors) {
      tensor.file = static_cast<std::uint32_t>(source.shards.size());
      tensor.offset = at;
      if (tensor.bytes > shard.size - at) {
        return fields.fail(fmt::format("tensor '{}' ends behind the end of its file",
                                       escape_for_terminal(tensor.name)));
      }
      at += tensor.bytes;
    }
    if (at != shard.size || shard.header_bytes > max_header_bytes + 8)
      fields.fail(fmt::format("its tensors end at byte {} and it has {}", at, shard.size));
  }

  void check_shards(const LockedSource& source, LockFields& fields) {
    if (source.is_single_file && source.shards.size() != 1)
      fields.fail("a single file is one shard");
    std::set<std::string_view> shards;
    for (const LockedShard& shard : source.shards) {
      if (!shards.insert(shard.name).second)
        fields.fail(fmt::format("'{}' is there twice", escape_for_terminal(shard.name)));
    }
  }

  LockFault fault_;
  RowBudget budget_;
  Lock lock_;
};

}  // namespace

Result<Lock> read_lock(std::string_view text, const std::string& path) {
  JsonFault fault;
  const auto document = read_json(text, most_values, fault);
  if (document) return LockReader(path).read(*document);
  const auto line =
      1 +
      std::count(text.begin(),
                 text.begin() + static_cast<std::ptrdiff_t>(std::min(fault.position, text.size())),
                 '\n');
  LockFault lock_fault(path);
  lock_fault.set(fmt::format("line {}", line), fault.message);
  return lock_fault.take();
}

}  // namespace inarch
