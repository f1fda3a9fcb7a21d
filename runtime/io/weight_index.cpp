#include "runtime/io/weight_index.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "compiler/core/name_index.h"
#include "compiler/support/text.h"
#include "runtime/io/foreign_file.h"
#include "runtime/io/header_faults.h"
#include "runtime/io/plain_index.h"
#include "runtime/io/safetensors_header.h"

namespace inarch {

namespace {

/// Takes the parser's events. Of everything but weight_map and metadata.total_size only the nesting
/// matters, so a hostile file cannot make it hold much more than its own size.
class IndexReader {
 public:
  using Json = nlohmann::json;

  explicit IndexReader(HeaderFaults& faults) : faults_(faults) {}

  bool null() { return scalar("null"); }
  bool boolean(bool) { return scalar("a boolean"); }
  bool number_integer(Json::number_integer_t) { return scalar("a number"); }
  bool number_unsigned(Json::number_unsigned_t number);
  bool number_float(Json::number_float_t, const std::string&) { return scalar("a number"); }
  bool string(std::string& text);
  bool binary(Json::binary_t&) { return false; }
  bool start_object(std::size_t);
  bool end_object();
  bool start_array(std::size_t);
  bool end_array() { return leave(); }
  bool key(std::string& text);
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& problem);

  WeightIndex take();

 private:
  bool fault(std::string message) {
    faults_.add("E426", std::move(message));
    return false;
  }
  bool scalar(std::string_view found);
  bool leave();
  bool in_weight_map() const { return depth_ == 2 && section_ == "weight_map"; }

  HeaderFaults& faults_;
  int depth_ = 0;
  std::string section_;  // the key of the top level that is being read
  std::string key_;
  bool has_map_ = false;
  WeightIndex index_;
  std::map<std::string, std::uint32_t, std::less<>> shard_numbers_;
};

bool IndexReader::scalar(std::string_view found) {
  if (depth_ == 0) return fault(fmt::format("the index is {}, expected an object", found));
  if (in_weight_map()) {
    return fault(
        fmt::format("weight_map has {} for {}, expected a file name", found, tensor_phrase(key_)));
  }
  if (depth_ == 1 && section_ == "weight_map") {
    return fault(fmt::format("weight_map is {}, expected an object", found));
  }
  return true;
}

bool IndexReader::number_unsigned(Json::number_unsigned_t number) {
  const bool fits = number <= static_cast<std::uint64_t>(INT64_MAX);
  if (depth_ == 2 && section_ == "metadata" && key_ == "total_size" && fits) {
    index_.total_size = static_cast<std::int64_t>(number);
  }
  return scalar("a number");
}

bool IndexReader::string(std::string& text) {
  if (!in_weight_map()) return scalar("text");
  auto found = shard_numbers_.find(text);
  if (found == shard_numbers_.end()) {
    found = shard_numbers_.emplace(text, static_cast<std::uint32_t>(shard_numbers_.size())).first;
  }
  index_.entries.push_back({key_, found->second});
  return true;
}

bool IndexReader::start_object(std::size_t) {
  const bool opens_map = depth_ == 1 && section_ == "weight_map";
  if (in_weight_map()) return scalar("an object");
  if (opens_map && std::exchange(has_map_, true)) return fault("weight_map occurs twice");
  ++depth_;
  return true;
}

bool IndexReader::start_array(std::size_t) {
  if (!scalar("a list")) return false;
  ++depth_;
  return true;
}

bool IndexReader::leave() {
  --depth_;
  return true;
}

bool IndexReader::end_object() { return leave(); }

bool IndexReader::key(std::string& text) {
  if (depth_ == 1) section_.assign(text, 0, 64);
  if (depth_ != 2) return true;
  if (in_weight_map() && text.size() > max_tensor_name_bytes) {
    return fault(fmt::format("weight_map has a tensor name of {} bytes, expected at most {}",
                             text.size(), max_tensor_name_bytes));
  }
  key_.assign(text, 0, max_tensor_name_bytes);
  return true;
}

bool IndexReader::parse_error(std::size_t position, const std::string&,
                              const nlohmann::detail::exception& problem) {
  std::string text = problem.what();
  const std::size_t detail = text.find(": ");
  if (detail != std::string::npos) text.erase(0, detail + 2);
  return fault(fmt::format("the index is not valid JSON at byte {}: {}", position,
                           escape_for_terminal(text)));
}

WeightIndex IndexReader::take() {
  if (!has_map_ && faults_.empty()) fault("the index has no weight_map");
  index_.shards.resize(shard_numbers_.size());
  for (const auto& [name, number] : shard_numbers_) index_.shards[number] = name;
  return std::move(index_);
}

void check_repeated(const WeightIndex& index, HeaderFaults& faults) {
  const auto name_of = [&](std::size_t i) -> std::string_view { return index.entries[i].tensor; };
  const auto falls = [](const auto& a, const auto& b) { return a.tensor >= b.tensor; };
  const auto& entries = index.entries;
  if (std::adjacent_find(entries.begin(), entries.end(), falls) == entries.end()) return;
  std::vector<std::string_view> repeated;
  for (const std::uint32_t i : NameIndex(index.entries.size(), name_of).repeated(name_of))
    repeated.push_back(name_of(i));
  std::sort(repeated.begin(), repeated.end());
  for (const std::string_view name : repeated)
    faults.add("E426", fmt::format("weight_map lists {} twice", tensor_phrase(name)));
}

WeightIndex read_any_index(std::string_view json, HeaderFaults& faults) {
  IndexReader reader(faults);
  // The parser would take a NUL for the end of its input.
  const std::size_t nul = json.find('\0');
  if (nul != std::string_view::npos) {
    faults.add("E426", fmt::format("the index is not valid JSON at byte {}: a NUL byte", nul + 1));
  } else {
    nlohmann::json::sax_parse(json.begin(), json.end(), &reader);
  }
  return reader.take();
}

/// Puts shards in order, numbers in their names by value.
void sort_shards(WeightIndex& index) {
  std::vector<std::uint32_t> order(index.shards.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return natural_less(index.shards[a], index.shards[b]);
  });
  std::vector<std::uint32_t> place(order.size());
  std::vector<std::string> shards;
  for (const std::uint32_t shard : order) {
    place[shard] = static_cast<std::uint32_t>(shards.size());
    shards.push_back(std::move(index.shards[shard]));
  }
  index.shards = std::move(shards);
  for (WeightIndex::Entry& entry : index.entries) entry.shard = place[entry.shard];
}

void check_shard_names(const WeightIndex& index, HeaderFaults& faults) {
  for (const std::string& shard : index.shards) {
    if (const auto reason = unsafe_shard_name(shard)) {
      faults.add("E427", fmt::format("weight_map names the file '{}', which {}",
                                     escape_for_terminal(shard), *reason));
    } else if (is_pickle_name(shard)) {
      faults.add("E424", fmt::format("weight_map names the pickle '{}', expected safetensors",
                                     escape_for_terminal(shard)));
    }
  }
}

}  // namespace

std::optional<std::string_view> unsafe_shard_name(std::string_view shard) {
  if (shard.empty()) return "is empty";
  if (shard.size() > max_tensor_name_bytes) return "is longer than any path";
  if (shard.find('\0') != std::string_view::npos) return "has a NUL byte";
  if (shard.find('\\') != std::string_view::npos) return "has a backslash";
  if (shard.front() == '/') return "is an absolute path";
  if (shard.size() >= 2 && shard[1] == ':') return "begins with a drive letter";
  for (std::size_t begin = 0; begin <= shard.size();) {
    const std::size_t end = std::min(shard.find('/', begin), shard.size());
    const std::string_view part = shard.substr(begin, end - begin);
    if (part == "..") return "leads out of the directory";
    if (part.empty() || part == ".") return "is no plain relative path";
    begin = end + 1;
  }
  return std::nullopt;
}

std::optional<WeightIndex> parse_weight_index(std::string_view json, const std::string& path,
                                              Diagnostics& diagnostics) {
  HeaderFaults faults;
  auto plain = read_plain_index(json);
  WeightIndex index = plain ? std::move(*plain) : read_any_index(json, faults);
  check_repeated(index, faults);
  sort_shards(index);
  check_shard_names(index, faults);
  if (faults.empty()) return index;
  faults.report(path, diagnostics);
  return std::nullopt;
}

}  // namespace inarch
