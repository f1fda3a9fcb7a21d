#include "compiler/adapter/adapted.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "compiler/adapter/base_names.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

/// Families whose linear layers keep their weights as [in, out] (Conv1D).
constexpr std::array<std::string_view, 4> conv1d_families = {"gpt2", "openai-gpt", "imagegpt",
                                                             "decision_transformer"};

/// [out, in] of a weight with any number of dimensions after them.
Shape flattened(const Shape& shape) {
  if (shape.size() < 2) return shape;
  return {shape[0], numel(Shape(shape.begin() + 1, shape.end()))};
}

/// Lays adapters over a base one by one; faults are kept until they are counted.
class Laying {
 public:
  Laying(const Checkpoint& base, const std::vector<OpenAdapter>& adapters)
      : base_(base), adapters_(adapters), names_(base), result_(base) {}

  std::optional<Adapted> run(Diagnostics& diagnostics) {
    for (std::uint32_t k = 0; k < adapters_.size(); ++k) add(k);
    for (const auto& [tensor, terms] : changed_) settle(tensor, terms);
    report(diagnostics);
    if (faults_.has_errors()) return std::nullopt;
    drop_idle();
    result_.build_index();
    return Adapted{std::make_shared<const Checkpoint>(std::move(result_)), std::move(changed_)};
  }

 private:
  const TensorInfo& of(std::uint32_t adapter, std::uint32_t tensor) const {
    return adapters_[adapter].checkpoint->tensors[tensor];
  }

  void add(std::uint32_t k) {
    const OpenAdapter& adapter = adapters_[k];
    const auto parts = sort_adapter(*adapter.checkpoint, adapter.config, faults_);
    if (!parts) return;
    for (const SavedTensor& saved : parts->saved) add_saved(k, saved);
    for (const AdapterModule& module : parts->modules) add_module(k, module);
  }

  /// The term of one adapter for a tensor: one that is saved whole may be adapted as well.
  AdapterTerm& term(std::uint32_t tensor, std::uint32_t adapter) {
    std::vector<AdapterTerm>& terms = changed_[tensor];
    const bool known = !terms.empty() && terms.back().adapter == adapter;
    if (!known) {
      terms.emplace_back();
      terms.back().adapter = adapter;
      terms.back().share = adapters_[adapter].share;
    }
    return terms.back();
  }

  std::optional<std::uint32_t> base_tensor(const std::string& name) const {
    const auto found = names_.find(name);
    if (!found) return std::nullopt;
    return static_cast<std::uint32_t>(base_.find(*found) - base_.tensors.data());
  }

  void add_saved(std::uint32_t k, const SavedTensor& saved) {
    const auto known = base_tensor(saved.name);
    if (known) {
      term(*known, k).saved = saved.tensor;
      return;
    }
    if (!is_listed(adapters_[k].config, saved.name)) {
      fault(k, "E333",
            fmt::format("the base has no tensor '{}', which '{}' of the adapter is to replace",
                        escape_for_terminal(saved.name), shown(k, saved.tensor)));
      return;
    }
    term(new_tensor(saved.name, of(k, saved.tensor)), k).saved = saved.tensor;
  }

  /// Whether modules_to_save names the module, or one that it is in: a head that the base lacks.
  static bool is_listed(const AdapterConfig& config, const std::string& name) {
    const std::string padded = "." + name;
    return std::any_of(config.saved.begin(), config.saved.end(), [&](const std::string& module) {
      return padded.find("." + module + ".") != std::string::npos;
    });
  }

  std::uint32_t new_tensor(const std::string& name, const TensorInfo& saved) {
    for (std::size_t t = base_.tensors.size(); t < result_.tensors.size(); ++t) {
      if (result_.tensors[t].name == name) return static_cast<std::uint32_t>(t);
    }
    TensorInfo tensor = saved;
    tensor.name = name;
    tensor.file = 0;
    tensor.offset = 0;
    result_.tensors.push_back(std::move(tensor));
    return static_cast<std::uint32_t>(result_.tensors.size() - 1);
  }

  void add_module(std::uint32_t k, const AdapterModule& module) {
    const auto weight = base_tensor(module.module + ".weight");
    if (!weight) {
      fault(k, "E333",
            fmt::format("the base has no module '{}', which '{}' of the adapter is for",
                        escape_for_terminal(module.module), shown(k, module.a)),
            module.module);
      return;
    }
    const AdapterConfig& config = adapters_[k].config;
    AdapterTerm& term = this->term(*weight, k);
    const TensorInfo& w = term.saved == no_tensor ? base_.tensors[*weight] : of(k, term.saved);
    if (!fits(k, module, w, term.transposed)) return;
    term.a = module.a;
    term.b = module.b;
    term.magnitude = module.magnitude;
    term.scale = config.scale_of(module.module);
    if (module.bias != no_tensor) add_bias(k, module);
  }

  void add_bias(std::uint32_t k, const AdapterModule& module) {
    const auto bias = base_tensor(module.module + ".bias");
    if (!bias) {
      fault(k, "E333",
            fmt::format("the base's module '{}' has no bias, which '{}' of the adapter is added to",
                        escape_for_terminal(module.module), shown(k, module.bias)));
      return;
    }
    AdapterTerm& term = this->term(*bias, k);
    term.added = module.bias;
    term.scale = adapters_[k].config.scale_of(module.module);
    const TensorInfo& info = of(k, module.bias);
    if (info.shape != base_.tensors[*bias].shape)
      misfit(k, module.bias, format_shape(base_.tensors[*bias].shape));
  }

  /// Whether factors and magnitude fit a weight; says which way round it lies.
  bool fits(std::uint32_t k, const AdapterModule& module, const TensorInfo& w, bool& transposed) {
    const AdapterConfig& config = adapters_[k].config;
    const Shape a = flattened(of(k, module.a).shape), b = flattened(of(k, module.b).shape);
    const std::int64_t rank = config.rank_of(module.module);
    if (a.size() != 2 || a[0] != rank)
      return misfit(
          k, module.a,
          fmt::format("{} rows, the rank of '{}'", rank, escape_for_terminal(module.module)));
    if (b.size() != 2 || b[1] != rank)
      return misfit(
          k, module.b,
          fmt::format("{} columns, the rank of '{}'", rank, escape_for_terminal(module.module)));
    const Shape shape = flattened(w.shape);
    const bool plain = !module.embedding && shape == Shape{b[0], a[1]};
    const bool turned = w.shape.size() == 2 && shape == Shape{a[1], b[0]};
    if (!plain && !turned)
      return misfit(k, module.b,
                    fmt::format("factors of '{}', which is {}", escape_for_terminal(w.name),
                                format_shape(w.shape)));
    transposed = turned && (!plain || lies_transposed(config));
    const std::uint32_t m = module.magnitude;
    if (m != no_tensor && of(k, m).elements() != b[0])
      return misfit(k, m, fmt::format("{} entries, one for each output", b[0]));
    for (const std::uint32_t t : {module.a, module.b, m}) {
      if (t != no_tensor && !is_arithmetic(of(k, t).dtype)) return misfit(k, t, "floats");
    }
    if (is_arithmetic(w.dtype)) return true;
    fault(k, "E334",
          fmt::format("'{}' of the base holds {} values, to which nothing can be added",
                      escape_for_terminal(w.name), name(w.dtype)));
    return false;
  }

  /// Which way round a square weight lies: PEFT goes by the layer's class, which a checkpoint does
  /// not tell.
  bool lies_transposed(const AdapterConfig& config) const {
    const Value* type = base_.config.find("model_type");
    const std::string* family = type == nullptr ? nullptr : type->if_text();
    return config.fan_in_fan_out ||
           (family != nullptr && std::find(conv1d_families.begin(), conv1d_families.end(),
                                           *family) != conv1d_families.end());
  }

  /// Gives the result the shape and dtype of what replaces a tensor.
  void settle(std::uint32_t tensor, const std::vector<AdapterTerm>& terms) {
    const bool known = tensor < base_.tensors.size();
    for (const AdapterTerm& term : terms) {
      if (term.saved == no_tensor) continue;
      const TensorInfo& saved = of(term.adapter, term.saved);
      TensorInfo& info = result_.tensors[tensor];
      if (terms.size() == 1 && term.share == 1) {
        info.dtype = saved.dtype;
        info.shape = saved.shape;
        info.bytes = saved.bytes;
        info.encoded = -1;
      } else if (!known || saved.shape != info.shape || !is_arithmetic(saved.dtype) ||
                 !is_arithmetic(info.dtype)) {
        fault(term.adapter, "E337",
              fmt::format("'{}' of the adapter stands for the whole of '{}', and the base has "
                          "nothing like it of which a share could be kept",
                          shown(term.adapter, term.saved), escape_for_terminal(info.name)));
      }
    }
  }

  /// What an adapter changes of which nothing is taken stays as it is.
  void drop_idle() {
    for (auto entry = changed_.begin(); entry != changed_.end();) {
      std::erase_if(entry->second, [](const AdapterTerm& term) { return term.share == 0; });
      entry = entry->second.empty() ? changed_.erase(entry) : std::next(entry);
    }
  }

  bool misfit(std::uint32_t k, std::uint32_t tensor, const std::string& expected) {
    const TensorInfo& info = of(k, tensor);
    fault(k, "E334",
          fmt::format("'{}' is {} {}, expected {}", escape_for_terminal(info.name),
                      name(info.dtype), format_shape(info.shape), expected));
    return false;
  }

  std::string shown(std::uint32_t k, std::uint32_t tensor) const {
    return escape_for_terminal(of(k, tensor).name);
  }

  void fault(std::uint32_t k, std::string code, std::string message,
             const std::string& module = {}) {
    Diagnostic d = error(std::move(code), std::move(message)).in(adapters_[k].label);
    if (!module.empty()) d.help = near_module(module);
    faults_.add(std::move(d));
  }

  /// What a person most likely has to look at: the module whose name is nearest.
  std::string near_module(const std::string& module) const {
    constexpr std::size_t most = 4000;
    std::vector<std::string> modules;
    for (const TensorInfo& tensor : base_.tensors) {
      if (modules.size() == most) break;
      if (tensor.name.ends_with(".weight"))
        modules.push_back(tensor.name.substr(0, tensor.name.size() - 7));
    }
    const std::string near = nearest(module, modules);
    return near.empty() ? "" : fmt::format("the base has '{}'", escape_for_terminal(near));
  }

  /// Of hundreds of modules with one fault a few say enough.
  void report(Diagnostics& diagnostics) const {
    constexpr std::size_t most = 3;
    std::map<std::string, std::size_t> seen;
    for (const Diagnostic& d : faults_.list()) {
      if (++seen[d.code] <= most) diagnostics.add(d);
    }
    for (const auto& [code, count] : seen) {
      if (count > most)
        diagnostics.add(error(code, fmt::format("and {} more like these", count - most)));
    }
  }

  const Checkpoint& base_;
  const std::vector<OpenAdapter>& adapters_;
  BaseNames names_;
  Checkpoint result_;
  std::map<std::uint32_t, std::vector<AdapterTerm>> changed_;
  Diagnostics faults_;
};

}  // namespace

std::optional<Adapted> lay_over(std::shared_ptr<const Checkpoint> base,
                                const std::vector<OpenAdapter>& adapters,
                                Diagnostics& diagnostics) {
  return Laying(*base, adapters).run(diagnostics);
}

}  // namespace inarch
