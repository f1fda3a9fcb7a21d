#include "compiler/recipe/bind_sources.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "compiler/support/text.h"

namespace inarch {

namespace {

using OpenCheckpoint = std::shared_ptr<const Checkpoint>;

/// A place with its expressions evaluated.
struct Wanted {
  SourceRequest request;
  Span span;
  double share = 1;  // of an adapter
};

/// "BASE+ADAPTER" of the command line, apart.
std::vector<std::string> split_at_plus(const std::string& text) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == '+') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

/// E441: a lock has it at another place.
bool is_not_there(const Diagnostic& d) {
  return d.code == "E422" || d.code == "E423" || d.code == "E441";
}

class SourceBinder {
 public:
  SourceBinder(const Recipe& recipe, const BindOptions& options, BoundRecipe& bound,
               Diagnostics& diagnostics)
      : recipe_(recipe), options_(options), bound_(bound), diagnostics_(diagnostics) {
    for (const auto& [name, path] : options_.sources) given_[name] = path;
  }

  void bind() {
    for (const SourceDecl& source : recipe_.sources) bind_source(source);
    report_unknown();
  }

 private:
  void bind_source(const SourceDecl& source) {
    Value::List described;
    std::vector<const Checkpoint*>& checkpoints = bound_.checkpoints.emplace_back();
    for (std::size_t k = 0; k < source.locations.size(); ++k) {
      if (source.locations[k].states && given_.count(source.name) == 0) continue;  // bind_states
      const std::string name = source.is_list ? fmt::format("{}[{}]", source.name, k) : source.name;
      if (!open(source, source.locations[k], name)) continue;
      const OpenCheckpoint& checkpoint = bound_.sources.back().checkpoint;
      described.emplace_back(Value::Map{{"config", checkpoint->config}});
      checkpoints.push_back(checkpoint.get());
    }
    if (!source.is_list && described.empty()) return;
    Value value = source.is_list ? Value(std::move(described)) : std::move(described.front());
    bound_.values.push_back(std::make_unique<Value>(std::move(value)));
    bound_.globals->set_source(source.name, bound_.values.back().get(), checkpoints);
  }

  void report_unknown() {
    std::vector<std::string> names;
    for (const SourceDecl& source : recipe_.sources) {
      if (!source.is_list) names.push_back(source.name);
      for (std::size_t k = 0; source.is_list && k < source.locations.size(); ++k)
        names.push_back(fmt::format("{}[{}]", source.name, k));
    }
    for (const auto& [name, path] : given_) {
      const std::string near = nearest(name, names);
      diagnostics_.add(
          error("E201", fmt::format("the recipe has no source '{}'", escape_for_terminal(name)))
              .in("--source")
              .note(fmt::format("sources: {}", names.empty() ? "none" : join_names(names, 20)))
              .hint(near.empty() ? "" : fmt::format("did you mean '{}'?", near)));
    }
  }

  /// Adds one source, as its last; false on a fault, which has been added.
  bool open(const SourceDecl& source, const SourceLocation& location, const std::string& name) {
    const auto override_path = given_.find(name);
    if (override_path != given_.end()) {
      const std::string path = std::move(override_path->second);
      given_.erase(override_path);
      return open_given(source, location, name, path);
    }
    std::optional<Wanted> base;
    if (location.place) {
      base = wanted(*location.place, name, nullptr);
      if (!base) return false;
    }
    std::vector<Wanted> adapters;
    for (const AdapterDecl& adapter : location.adapters) {
      auto one =
          wanted(adapter.place, adapter_name(name, adapters.size(), location.adapters.size()),
                 adapter.scale);
      if (!one) return false;
      one->request.is_adapter = true;
      adapters.push_back(std::move(*one));
    }
    return open_all(source, location, name, std::move(base), std::move(adapters));
  }

  static std::string adapter_name(const std::string& source, std::size_t k, std::size_t count) {
    return count == 1 ? source + ".adapter" : fmt::format("{}.adapter[{}]", source, k);
  }

  /// What `--source` names, in place of all that the recipe says: a path, or paths joined by '+'.
  /// A plus sign may be part of a path, which then is there.
  bool open_given(const SourceDecl& source, const SourceLocation& location, const std::string& name,
                  const std::string& path) {
    Wanted base{{name, false, path, "", false}, location.span, 1};
    const std::vector<std::string> parts = split_at_plus(path);
    if (parts.size() > 1) {
      Diagnostics unused;
      const bool whole = options_.open_source(base.request, unused) != nullptr ||
                         std::none_of(unused.list().begin(), unused.list().end(), is_not_there);
      if (whole) return open_all(source, location, name, std::move(base), {});
    }
    base.request.location = parts.front();
    std::vector<Wanted> adapters;
    for (std::size_t k = 1; k < parts.size(); ++k) {
      const std::string label = adapter_name(name, k - 1, parts.size() - 1);
      adapters.push_back({{label, false, parts[k], "", true}, location.span, 1});
    }
    std::optional<Wanted> stated(std::move(base));
    if (parts.front().empty()) stated.reset();  // "+ADAPTER": the base that the adapter names
    return open_all(source, location, name, std::move(stated), std::move(adapters));
  }

  std::optional<Wanted> wanted(const Place& place, const std::string& name, const ExprPtr& scale) {
    Wanted found;
    found.span = place.span;
    found.request.name = name;
    found.request.is_hub = place.is_hub;
    const auto text = evaluate(place.text, *bound_.globals, diagnostics_);
    if (!text) return std::nullopt;
    found.request.location = from_recipe(to_text(*text), place.is_hub);
    if (place.revision) {
      const auto revision = evaluate(*place.revision, *bound_.globals, diagnostics_);
      if (!revision) return std::nullopt;
      found.request.revision = to_text(*revision);
    }
    if (!scale) return found;
    const auto share = evaluate(*scale, *bound_.globals, diagnostics_);
    if (!share) return std::nullopt;
    if (!share->is_number() || !std::isfinite(share->as_real())) {
      diagnostics_.add(error("E151", fmt::format("a scale is a number, not {}", share->kind()))
                           .at(scale->span)
                           .hint("scale: 0.7"));
      return std::nullopt;
    }
    found.share = share->as_real();
    return found;
  }

  std::string from_recipe(std::string path, bool is_hub) const {
    const bool relative = !is_hub && !path.empty() && path[0] != '/';
    return relative && !options_.recipe_directory.empty() ? options_.recipe_directory + "/" + path
                                                          : path;
  }

  OpenCheckpoint open_one(const Wanted& wanted) {
    Diagnostics found;
    auto checkpoint = options_.open_source(wanted.request, found);
    for (Diagnostic d : found.list()) {
      if (!d.primary.span.known()) d.primary = {wanted.span, label_of(wanted.request)};
      if (is_not_there(d) && d.help.empty() && !wanted.request.is_adapter)
        d.help = fmt::format("--source {}=PATH reads it from elsewhere", wanted.request.name);
      diagnostics_.add(std::move(d));
    }
    return checkpoint;
  }

  static std::string label_of(const SourceRequest& request) {
    const std::string& name = request.name;
    return request.is_adapter
               ? fmt::format("adapter of '{}'", name.substr(0, name.rfind(".adapter")))
               : fmt::format("source '{}'", name);
  }

  bool open_all(const SourceDecl& source, const SourceLocation& location, const std::string& name,
                std::optional<Wanted> base, std::vector<Wanted> wanted_adapters) {
    std::vector<OpenAdapter> adapters;
    for (const Wanted& wanted : wanted_adapters) {
      if (!open_adapter(wanted, adapters)) return false;
    }
    auto checkpoint = base ? open_one(*base) : base_of(location, name, adapters);
    if (checkpoint && location.usual) checkpoint = in_usual_spelling(*location.usual, checkpoint);
    if (!checkpoint) return false;
    BoundSource bound{name, &source, std::move(checkpoint), {}, {}, {}};
    if (!adapters.empty() && !adapt(bound, location, wanted_adapters, adapters)) return false;
    for (std::size_t i = 0; i < bound.checkpoint->tensors.size(); ++i)
      bound.names.add(bound.checkpoint->tensors[i].name, i);
    bound_.sources.push_back(std::move(bound));
    return true;
  }

  OpenCheckpoint in_usual_spelling(Span asked, const OpenCheckpoint& checkpoint) {
    auto renamed = options_.in_usual_spelling(checkpoint);
    if (renamed.ok()) return std::move(*renamed);
    Diagnostic d = renamed.error();
    d.primary = {asked, "asked for here"};
    diagnostics_.add(std::move(d));
    return nullptr;
  }

  bool open_adapter(const Wanted& wanted, std::vector<OpenAdapter>& adapters) {
    OpenAdapter adapter;
    adapter.checkpoint = open_one(wanted);
    if (!adapter.checkpoint) return false;
    adapter.label = adapter.checkpoint->location;
    adapter.share = wanted.share;
    auto config = read_adapter_config(adapter.checkpoint->adapter_config);
    if (!config.ok()) {
      Diagnostic d = std::move(config.error());
      d.primary = {wanted.span, label_of(wanted.request)};
      d.notes.push_back(escape_for_terminal(adapter.label));
      diagnostics_.add(std::move(d));
      return false;
    }
    adapter.config = std::move(*config);
    adapters.push_back(std::move(adapter));
    return true;
  }

  bool adapt(BoundSource& bound, const SourceLocation& location, const std::vector<Wanted>& wanted,
             const std::vector<OpenAdapter>& adapters) {
    Diagnostics found;
    auto adapted = lay_over(bound.checkpoint, adapters, found);
    for (Diagnostic d : found.list()) {
      d.primary = {location.span, fmt::format("source '{}'", bound.name)};
      if (!d.subject.empty())
        d.notes.push_back(fmt::format("in {}", escape_for_terminal(d.subject)));
      d.subject.clear();
      diagnostics_.add(std::move(d));
    }
    if (!adapted) return false;
    bound.checkpoint = std::move(adapted->checkpoint);
    bound.changed = std::move(adapted->changed);
    for (std::size_t k = 0; k < adapters.size(); ++k) {
      SourceDecl& declaration = bound_.adapters.emplace_back();
      declaration.name = wanted[k].request.name;
      declaration.span = wanted[k].span;
      bound.adapters.push_back(static_cast<std::uint32_t>(bound_.sources.size()));
      bound_.sources.push_back(
          {declaration.name, &declaration, adapters[k].checkpoint, {}, {}, {}});
    }
    return true;
  }

  /// The base that adapters name, where the recipe names none.
  OpenCheckpoint base_of(const SourceLocation& location, const std::string& name,
                         const std::vector<OpenAdapter>& adapters) {
    const std::string& base = adapters.front().config.base;
    const bool agree = std::all_of(adapters.begin(), adapters.end(), [&](const OpenAdapter& other) {
      return other.config.base == base;
    });
    if (base.empty() || !agree) {
      diagnostics_.add(error("E336", base.empty() ? "the adapter does not say what it is over"
                                                  : "the adapters are over different models")
                           .at(location.span, fmt::format("source '{}'", name))
                           .hint("path: the base"));
      return nullptr;
    }
    Wanted wanted{{name, false, from_recipe(base, false), "", false}, location.span, 1};
    for (const bool is_hub : {false, true}) {
      wanted.request.is_hub = is_hub;
      if (is_hub) wanted.request.location = base;
      Diagnostics found;
      auto checkpoint = options_.open_source(wanted.request, found);
      const bool absent = std::all_of(found.list().begin(), found.list().end(), is_not_there);
      if (!checkpoint && (absent || is_hub)) continue;
      if (!checkpoint) return open_one(wanted);  // it is there, and has faults to be told
      diagnostics_.add(
          warning("W331", fmt::format("the base of '{}' is the one that its adapter names: {}",
                                      name, escape_for_terminal(wanted.request.location)))
              .at(location.span)
              .hint(fmt::format("path: {}", escape_for_terminal(base))));
      return checkpoint;
    }
    diagnostics_.add(
        error("E336",
              fmt::format("the adapter is over '{}', which is not here", escape_for_terminal(base)))
            .at(location.span, fmt::format("source '{}'", name))
            .note("it is no directory beside the recipe and no model of the local hub cache")
            .hint("path: where the base is"));
    return nullptr;
  }

  const Recipe& recipe_;
  const BindOptions& options_;
  BoundRecipe& bound_;
  Diagnostics& diagnostics_;
  std::map<std::string, std::string> given_;
};

}  // namespace

void bind_sources(const Recipe& recipe, const BindOptions& options, BoundRecipe& bound,
                  Diagnostics& diagnostics) {
  SourceBinder(recipe, options, bound, diagnostics).bind();
}

}  // namespace inarch
