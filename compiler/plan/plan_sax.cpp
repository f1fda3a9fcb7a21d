#include "compiler/plan/plan_sax.h"

#include <algorithm>
#include <limits>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "compiler/support/text.h"

namespace inarch {

namespace {

constexpr std::size_t most_depth = 16;

class Handler : public nlohmann::json_sax<nlohmann::json> {
 public:
  Handler(PlanFault& fault, const PlanItemHandler& handler) : fault_(fault), handler_(handler) {}

  bool null() override { return put(Json{nullptr}); }
  bool boolean(bool value) override { return put(Json{value}); }
  bool number_integer(number_integer_t value) override { return put(Json{std::int64_t{value}}); }
  bool number_unsigned(number_unsigned_t value) override {
    const std::uint64_t number = value;
    if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      return put(Json{number});
    }
    return put(Json{static_cast<std::int64_t>(number)});
  }
  bool number_float(number_float_t value, const string_t&) override { return put(Json{value}); }
  bool string(string_t& value) override { return put(Json{std::move(value)}); }
  bool binary(binary_t&) override { return false; }

  bool start_object(std::size_t) override {
    if (!opened_) {
      opened_ = true;
      return true;
    }
    return open(Json{Json::Object{}});
  }
  bool end_object() override { return levels_.empty() ? true : close(); }
  bool start_array(std::size_t) override {
    if (!opened_) return refuse("expected an object");
    if (levels_.empty() && !in_list_) {
      in_list_ = true;
      index_ = 0;
      return true;
    }
    return open(Json{Json::List{}});
  }
  bool end_array() override {
    if (!levels_.empty()) return close();
    in_list_ = false;
    return true;
  }
  bool key(string_t& value) override {
    if (levels_.empty()) {
      section_ = value;
      index_ = -1;
      if (sections_.insert(value).second) return true;
      return refuse(fmt::format("the key '{}' occurs twice", escape_for_terminal(value)));
    }
    Level& level = levels_.back();
    const auto& object = std::get<Json::Object>(level.value.data);
    if (std::any_of(object.begin(), object.end(),
                    [&](const auto& e) { return e.first == value; })) {
      return refuse(fmt::format("the key '{}' occurs twice", escape_for_terminal(value)));
    }
    level.key = std::move(value);
    return true;
  }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    fault_.set("E610", "", fmt::format("not valid JSON at byte {}", position));
    return false;
  }

 private:
  struct Level {
    Json value;
    std::string key;
  };

  bool refuse(std::string message) {
    fault_.set("E611", "", std::move(message));
    return false;
  }
  bool open(Json container) {
    if (levels_.size() >= most_depth) return refuse("nested too deep");
    levels_.push_back({std::move(container), {}});
    return true;
  }
  bool close() {
    Json done = std::move(levels_.back().value);
    levels_.pop_back();
    return put(std::move(done));
  }
  bool put(Json value) {
    if (!opened_) return refuse("expected an object");
    if (levels_.empty()) {
      const std::int64_t index = in_list_ ? index_++ : -1;
      return handler_(section_, index, value) && !fault_.any();
    }
    Level& level = levels_.back();
    if (auto* list = std::get_if<Json::List>(&level.value.data)) {
      list->push_back(std::move(value));
    } else {
      std::get<Json::Object>(level.value.data).emplace_back(std::move(level.key), std::move(value));
    }
    return true;
  }

  PlanFault& fault_;
  const PlanItemHandler& handler_;
  bool opened_ = false;
  bool in_list_ = false;
  std::int64_t index_ = -1;
  std::string section_;
  std::set<std::string> sections_;
  std::vector<Level> levels_;
};

}  // namespace

void parse_plan_items(std::string_view text, PlanFault& fault, const PlanItemHandler& handler) {
  Handler events(fault, handler);
  const bool read = nlohmann::json::sax_parse(text.begin(), text.end(), &events);
  if (!read && !fault.any()) fault.set("E610", "", "not valid JSON");
}

}  // namespace inarch
