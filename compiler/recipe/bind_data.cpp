#include "compiler/recipe/bind_data.h"

#include <cmath>

#include <fmt/format.h>

#include "compiler/core/json.h"
#include "compiler/recipe/bind_config.h"
#include "compiler/recipe/bind_files.h"
#include "compiler/recipe/missing_tensor.h"
#include "compiler/support/sizes.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

constexpr std::size_t max_rank = 32;

/// A line as an entry of a list: a finite number, or the text that it is.
Value entry_of(std::string_view line) {
  YamlNode scalar;
  scalar.kind = YamlNode::Kind::scalar;
  scalar.text = line;
  Value value = scalar_value(scalar);
  if (value.is_number() && std::isfinite(value.as_real())) return value;
  return Value(line);
}

std::string_view trimmed(std::string_view line) {
  const std::size_t begin = line.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return line.substr(begin, line.find_last_not_of(" \t\r") + 1 - begin);
}

class DataBinder {
 public:
  DataBinder(const BindOptions& options, SourceMap& texts, BoundRecipe& bound,
             Diagnostics& diagnostics)
      : options_(options), texts_(texts), bound_(bound), diagnostics_(diagnostics) {}

  void bind(const DataDecl& data) {
    BoundData read{&data, nullptr, {}};
    auto value = data.tensor   ? read_tensors(data, read)
                 : is_no(data) ? std::optional<Value>(Value())
                               : read_file(data);
    if (!value) return;
    read.value = std::make_unique<Value>(std::move(*value));
    bound_.globals->set_reference(data.name, read.value.get());
    bound_.data.push_back(std::move(read));
  }

 private:
  // ---- files

  std::optional<Value> read_file(const DataDecl& data) {
    const auto path = path_of(data);
    if (!path) return std::nullopt;
    if (path->ends_with(".safetensors")) return from_checkpoint(data, *path);
    auto text = options_.read_text(*path);
    if (!text) {
      diagnostics_.add(error("E167", fmt::format("cannot read the table '{}': {}", data.name,
                                                 text.error().message))
                           .at(data.file->span, escape_for_terminal(*path)));
      return std::nullopt;
    }
    return path->ends_with(".json") ? from_json(data, *path, std::move(*text))
                                    : from_lines(data, *path, std::move(*text));
  }

  /// A table whose file is `${null}` or an empty text, as of a param that nobody set, is null.
  bool is_no(const DataDecl& data) {
    Diagnostics unused;
    const auto name = evaluate(*data.file, *bound_.globals, unused);
    return name && (name->is_null() || to_text(*name).empty());
  }

  std::optional<std::string> path_of(const DataDecl& data) {
    const auto name = evaluate(*data.file, *bound_.globals, diagnostics_);
    if (!name) return std::nullopt;
    const std::string text = to_text(*name);
    if (data.of) return path_in_source(data, text);
    const bool relative = !text.empty() && text[0] != '/' && !options_.recipe_directory.empty();
    return relative ? options_.recipe_directory + "/" + text : text;
  }

  std::optional<std::string> path_in_source(const DataDecl& data, const std::string& name) {
    const auto source = bind_source_name(*data.of, *bound_.globals, bound_, diagnostics_);
    if (!source) return std::nullopt;
    const Checkpoint& checkpoint = *bound_.sources[*source].checkpoint;
    auto path = side_file_path(checkpoint, name);
    if (path) return path;
    const auto& there = checkpoint.side_files;
    const std::string near = nearest(name, there);
    diagnostics_.add(
        error("E167", fmt::format("source '{}' has no file '{}'", bound_.sources[*source].name,
                                  escape_for_terminal(name)))
            .at(data.file->span)
            .note(fmt::format("it has {}", there.empty()
                                               ? "no files beside its weights"
                                               : escape_for_terminal(join_names(there, 12))))
            .hint(near.empty() ? ""
                               : fmt::format("did you mean '{}'?", escape_for_terminal(near))));
    return std::nullopt;
  }

  std::optional<Value> from_json(const DataDecl& data, const std::string& path, std::string text) {
    JsonFault fault;
    auto value = read_json(text, static_cast<std::size_t>(max_table), fault);
    if (!value) report(data, path, std::move(text), fault.position, fault.message);
    return value;
  }

  /// One entry a line; lines without one are skipped.
  std::optional<Value> from_lines(const DataDecl& data, const std::string& path, std::string text) {
    Value::List list;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      const std::string_view line = trimmed(std::string_view(text).substr(at, end - at));
      const bool too_many = list.size() == static_cast<std::size_t>(max_table);
      if (!is_utf8(line) || (too_many && !line.empty())) {
        report(data, path, std::move(text), at,
               too_many ? fmt::format("more than {} values", format_count(max_table))
                        : "the line is not UTF-8");
        return std::nullopt;
      }
      if (!line.empty()) list.push_back(entry_of(line));
      at = end + 1;
    }
    return Value(std::move(list));
  }

  /// Points into the file, which messages then show, at the byte `at`.
  void report(const DataDecl& data, const std::string& path, std::string text, std::size_t at,
              const std::string& what) {
    const std::size_t begin = std::min(at, text.empty() ? 0 : text.size() - 1);
    const std::size_t end = std::min(begin + 1, text.size());
    const FileId file = texts_.add(path, std::move(text));
    diagnostics_.add(
        error("E167", fmt::format("the table '{}': {}", data.name, what))
            .at({file, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)})
            .also(data.file->span, "read here"));
  }

  // ---- tensors

  std::optional<Value> read_tensors(const DataDecl& data, BoundData& read) {
    const auto source = source_of(*data.tensor);
    if (!source) return std::nullopt;
    const BoundSource& from = bound_.sources[*source];
    return read_named(data, data.tensor->pattern, *from.checkpoint, from.names,
                      fmt::format("source '{}'", from.name), [&](const TensorInfo& tensor) {
                        return read_of_source(data, *source, tensor, read);
                      });
  }

  /// Those of a file that is no source.
  std::optional<Value> from_checkpoint(const DataDecl& data, const std::string& path) {
    if (!data.tensors) {
      diagnostics_.add(
          error("E127", fmt::format("'{}' holds tensors, and a table says of which it is made",
                                    escape_for_terminal(path)))
              .at(data.file->span)
              .hint("tensors: NAME, with a capture for several: layers.{i}.counts"));
      return std::nullopt;
    }
    SourceRequest request;
    request.name = data.name;
    request.location = path;
    Diagnostics found;
    const auto checkpoint = options_.open_source(request, found);
    if (!checkpoint) {
      for (Diagnostic fault : found.list()) {
        fault.code = "E167";
        fault.primary = {data.file->span, fmt::format("the table '{}'", data.name)};
        diagnostics_.add(std::move(fault));
      }
      return std::nullopt;
    }
    NameTree names;
    for (std::size_t i = 0; i < checkpoint->tensors.size(); ++i)
      names.add(checkpoint->tensors[i].name, i);
    return read_named(data, *data.tensors, *checkpoint, names, escape_for_terminal(path),
                      [&](const TensorInfo& tensor) { return values(data, *checkpoint, tensor); });
  }

  /// One tensor, or with a capture a mapping from what it stands for to each tensor's values.
  template <typename Read>
  std::optional<Value> read_named(const DataDecl& data, const NamePattern& name,
                                  const Checkpoint& checkpoint, const NameTree& names,
                                  const std::string& whose, Read read) {
    const auto pattern = resolve(name, *bound_.globals, diagnostics_);
    if (!pattern) return std::nullopt;
    if (const auto exact = pattern->exact()) {
      const TensorInfo* tensor = checkpoint.find(*exact);
      if (tensor) return read(*tensor);
      return report_missing(data, checkpoint, whose, *exact);
    }
    Value::Map tables;
    for (const auto& match : names.match(*pattern)) {
      if (match.captures.size() != 1) {
        diagnostics_.add(error("E168", "a table is of tensors that one capture tells apart")
                             .at(names_of(data))
                             .hint(data.tensor ? "tensor: SOURCE:layers.{i}.counts"
                                               : "tensors: layers.{i}.counts"));
        return std::nullopt;
      }
      auto table = read(checkpoint.tensors[match.index]);
      if (!table) return std::nullopt;
      tables.emplace_back(match.captures.front().second, std::move(*table));
    }
    if (!tables.empty()) return Value(std::move(tables));
    return report_missing(data, checkpoint, whose, name.text);
  }

  static Span names_of(const DataDecl& data) {
    return data.tensor ? data.tensor->span : data.tensors->span;
  }

  std::nullopt_t report_missing(const DataDecl& data, const Checkpoint& checkpoint,
                                const std::string& whose, const std::string& name) {
    const std::string near = nearest_tensor(checkpoint, name);
    diagnostics_.add(
        error("E204", fmt::format("{} has no tensor '{}'", whose, escape_for_terminal(name)))
            .at(names_of(data), "matches nothing")
            .hint(near.empty() ? ""
                               : fmt::format("did you mean '{}'?", escape_for_terminal(near))));
    return std::nullopt;
  }

  std::optional<Value> read_of_source(const DataDecl& data, std::uint32_t source,
                                      const TensorInfo& tensor, BoundData& read) {
    const Checkpoint& checkpoint = *bound_.sources[source].checkpoint;
    if (!is_stored(source, tensor, data)) return std::nullopt;
    auto value = values(data, checkpoint, tensor);
    if (!value) return std::nullopt;
    read.tensors.emplace_back(source,
                              static_cast<std::uint32_t>(&tensor - checkpoint.tensors.data()));
    return value;
  }

  std::optional<Value> values(const DataDecl& data, const Checkpoint& checkpoint,
                              const TensorInfo& tensor) {
    const Span span = names_of(data);
    if (!is_small(tensor, span)) return std::nullopt;
    auto value = options_.read_tensor(checkpoint, tensor);
    if (value) return std::move(*value);
    Diagnostic fault = value.error();
    fault.primary = {span, fmt::format("the table '{}'", data.name)};
    diagnostics_.add(std::move(fault));
    return std::nullopt;
  }

  std::optional<std::uint32_t> source_of(const TensorExpr& reference) {
    std::string name = reference.source;
    if (reference.index) {
      const auto index = resolve(*reference.index, *bound_.globals, diagnostics_);
      if (!index) return std::nullopt;
      name += fmt::format("[{}]", index->exact().value_or(reference.index->text));
    }
    return find_source(name, reference.source_span, bound_, diagnostics_);
  }

  /// A table is what a file holds; what adapters make of it is computed by a run.
  bool is_stored(std::uint32_t source, const TensorInfo& tensor, const DataDecl& data) {
    const BoundSource& from = bound_.sources[source];
    const auto index = static_cast<std::uint32_t>(&tensor - from.checkpoint->tensors.data());
    if (from.changed.count(index) == 0) return true;
    diagnostics_.add(error("E168", fmt::format("'{}' is what an adapter makes of it, and a table "
                                               "is what a file holds",
                                               escape_for_terminal(tensor.name)))
                         .at(data.tensor->span));
    return false;
  }

  bool is_small(const TensorInfo& tensor, Span span) {
    std::int64_t lists = 1;  // those of each depth, and at last the values
    bool small = tensor.shape.size() <= max_rank;
    for (const std::int64_t size : tensor.shape) {
      small = small && size <= max_table && (lists *= size) <= max_table;
    }
    if (small) return true;
    diagnostics_.add(
        error("E168", fmt::format("'{}' is too large for a table: {}",
                                  escape_for_terminal(tensor.name), format_shape(tensor.shape)))
            .at(span)
            .note(fmt::format("a table has at most {} values", format_count(max_table))));
    return false;
  }

  const BindOptions& options_;
  SourceMap& texts_;
  BoundRecipe& bound_;
  Diagnostics& diagnostics_;
};

}  // namespace

void bind_data(const Recipe& recipe, const BindOptions& options, SourceMap& texts,
               BoundRecipe& bound, Diagnostics& diagnostics) {
  DataBinder binder(options, texts, bound, diagnostics);
  for (const DataDecl& data : recipe.data) binder.bind(data);
}

}  // namespace inarch
