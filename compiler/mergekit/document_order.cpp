#include "compiler/mergekit/document_order.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "compiler/support/text.h"

namespace inarch {

namespace {

std::vector<const MergekitModel*> mentioned(const MergekitConfig& config) {
  std::vector<const MergekitModel*> models;
  if (config.base_model) models.push_back(&*config.base_model);
  for (const MergekitModule& module : config.modules) {
    for (const MergekitInput& input : module.models) models.push_back(&input.model);
    for (const MergekitSlice& slice : module.slices) {
      if (slice.base_model) models.push_back(&*slice.base_model);
      for (const MergekitInput& input : slice.sources) models.push_back(&input.model);
    }
  }
  return models;
}

class DocumentOrder {
 public:
  DocumentOrder(const std::vector<MergekitConfig>& configs, Diagnostics& diagnostics)
      : configs_(configs), diagnostics_(diagnostics) {}

  std::optional<std::vector<const MergekitConfig*>> order() {
    if (!collect_names()) return std::nullopt;
    const MergekitConfig* wanted = find_wanted();
    if (!wanted || !visit(*wanted)) return std::nullopt;
    for (const MergekitConfig& config : configs_) {
      if (std::find(order_.begin(), order_.end(), &config) != order_.end()) continue;
      diagnostics_.add(warning("W552", fmt::format("nothing merges '{}', and it is not made",
                                                   escape_for_terminal(config.name)))
                           .at(start_of(config))
                           .note("mergekit-multi writes it beside the others"));
    }
    return std::move(order_);
  }

 private:
  static Span start_of(const MergekitConfig& config) {
    return {config.span.file, config.span.begin, config.span.begin};
  }

  bool fault(const MergekitConfig& config, std::string message) {
    diagnostics_.add(error("E571", std::move(message)).at(start_of(config)));
    return false;
  }

  /// Points at the first mention, in the text, of one document of the circle in another.
  bool circle() {
    for (const MergekitConfig& config : configs_) {
      if (open_.count(&config) == 0) continue;
      for (const MergekitModel* model : mentioned(config)) {
        const auto other = by_name_.find(model->model.path);
        if (other == by_name_.end() || open_.count(other->second) == 0) continue;
        diagnostics_.add(error("E571", fmt::format("'{}' is made of what it is merged into here",
                                                   escape_for_terminal(model->text())))
                             .at(model->span, "the documents merge one another in a circle"));
        return false;
      }
    }
    return false;
  }

  bool collect_names() {
    for (const MergekitConfig& config : configs_) {
      if (by_name_.emplace(config.name, &config).second) continue;
      return fault(config, config.name.empty()
                               ? "two documents have no 'name', and one model is made"
                               : fmt::format("two documents are called '{}'",
                                             escape_for_terminal(config.name)));
    }
    return true;
  }

  const MergekitConfig* find_wanted() {
    const auto unnamed = by_name_.find("");
    if (unnamed != by_name_.end()) return unnamed->second;
    std::set<std::string> used;
    for (const MergekitConfig& config : configs_) {
      for (const MergekitModel* model : mentioned(config)) used.insert(model->model.path);
    }
    const MergekitConfig* wanted = nullptr;
    for (const MergekitConfig& config : configs_) {
      if (used.count(config.name) != 0) continue;
      if (wanted) {
        fault(config,
              fmt::format("'{}' and '{}' are both wanted, and one model is made",
                          escape_for_terminal(wanted->name), escape_for_terminal(config.name)));
        return nullptr;
      }
      wanted = &config;
    }
    return wanted ? wanted : &configs_.front();  // in a circle, which is found from any of them
  }

  /// Depth first, as deep as there are documents.
  bool visit(const MergekitConfig& config) {
    if (std::find(order_.begin(), order_.end(), &config) != order_.end()) return true;
    open_.insert(&config);
    for (const MergekitModel* model : mentioned(config)) {
      const auto other = by_name_.find(model->model.path);
      if (other == by_name_.end() || model->model.path.empty()) continue;
      if (model->adapter) {
        diagnostics_.add(error("E572",
                               "an adapter on what another document makes cannot be "
                               "imported yet")
                             .at(model->span));
        return false;
      }
      if (open_.count(other->second) != 0) return circle();
      if (!visit(*other->second)) return false;
    }
    open_.erase(&config);
    order_.push_back(&config);
    return true;
  }

  const std::vector<MergekitConfig>& configs_;
  Diagnostics& diagnostics_;
  std::map<std::string, const MergekitConfig*> by_name_;
  std::set<const MergekitConfig*> open_;
  std::vector<const MergekitConfig*> order_;
};

}  // namespace

std::optional<std::vector<const MergekitConfig*>> order_documents(
    const std::vector<MergekitConfig>& configs, Diagnostics& diagnostics) {
  return DocumentOrder(configs, diagnostics).order();
}

}  // namespace inarch
