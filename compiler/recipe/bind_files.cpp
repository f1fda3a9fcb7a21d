#include "compiler/recipe/bind_files.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/core/json.h"
#include "compiler/recipe/follow_vocabulary.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

bool is_written_by_us(const std::string& name) {
  return name == "config.json" || name == "manifest.json" ||
         name == "model.safetensors.index.json" || name.ends_with(".safetensors");
}

/// Why a file of the output cannot be called that, or "".
std::string_view refusal(const std::string& name) {
  if (!files_of_group(name).empty()) return "is the name of a group of files";
  if (name.empty() || name == "." || name == ".." || name.size() > 255) return "is no file's name";
  if (name.find('/') != std::string::npos || name.find('\\') != std::string::npos)
    return "is a path, and files lie beside the weights";
  if (name.find('\0') != std::string::npos || !is_utf8(name)) return "is no file's name";
  if (name.starts_with(".inarch")) return "is the name of a file of the run";
  return "";
}

class FileBinder {
 public:
  FileBinder(const OutputContext& context, Diagnostics& diagnostics)
      : context_(context), diagnostics_(diagnostics) {}

  void bind(const FileDecl& declaration) {
    if (context_.bound.vocabulary && declaration.what == "tokenizer") {
      diagnostics_.add(error("E166", "the files of the tokenizer are those of 'vocabulary'")
                           .at(declaration.span)
                           .hint("leave 'tokenizer' out of 'files'"));
      return;
    }
    const bool named = declaration.file || !declaration.source;
    if (named && !may_be_called(declaration)) return;
    if (!declaration.source) return write(declaration);
    const auto source =
        bind_source_name(*declaration.source, context_.scope, context_.bound, diagnostics_);
    if (!source) return;
    if (named) return carry_renamed(declaration, *source);
    std::vector<std::string> names = files_of_group(declaration.what);
    if (names.empty()) names = {declaration.what};
    bool any = false;
    for (const std::string& name : names) any = carry(declaration, *source, name, name) || any;
    if (!any && !declaration.optional) report_missing(declaration, *source, declaration.what);
  }

  BoundSideFiles files;

 private:
  bool may_be_called(const FileDecl& declaration) {
    const std::string_view refused = refusal(declaration.what);
    const bool ours = is_written_by_us(declaration.what);
    const bool twice = is_there(declaration.what, std::nullopt);
    if (refused.empty() && !ours && !twice) return true;
    diagnostics_.add(error("E169", fmt::format("'{}' {}", escape_for_terminal(declaration.what),
                                               ours    ? "is written by inarch"
                                               : twice ? "is given twice"
                                                       : refused))
                         .at(declaration.span));
    return false;
  }

  /// Whether a file of that name is already there, other than the same one of the same source.
  bool is_there(const std::string& name, std::optional<std::uint32_t> source) const {
    return std::any_of(files.written.begin(), files.written.end(),
                       [&](const BoundText& f) { return f.name == name; }) ||
           std::any_of(files.carried.begin(), files.carried.end(),
                       [&](const BoundFile& f) { return f.name == name && source != f.source; });
  }

  void write(const FileDecl& declaration) {
    if (declaration.json) {
      const auto value = evaluate_node(*declaration.json, context_.scope, diagnostics_);
      if (value)
        files.written.push_back({declaration.what, write_json(*value, JsonStyle::indented)});
      return;
    }
    const Template& given = declaration.text ? *declaration.text : *declaration.path;
    const auto value = evaluate(given, context_.scope, diagnostics_);
    if (!value || (value->is_null() && declaration.optional)) return;
    if (declaration.text) {
      files.written.push_back({declaration.what, to_text(*value)});
    } else {
      write_from(declaration, to_text(*value));
    }
  }

  /// A text that lies beside the recipe.
  void write_from(const FileDecl& declaration, std::string path) {
    const std::string& directory = context_.options.recipe_directory;
    if (!path.empty() && path[0] != '/' && !directory.empty()) path = directory + "/" + path;
    auto text = context_.options.read_text(path);
    if (text.ok()) {
      files.written.push_back({declaration.what, std::move(*text)});
      return;
    }
    diagnostics_.add(error("E166", fmt::format("'{}' cannot be read: {}", escape_for_terminal(path),
                                               text.error().message))
                         .at(declaration.path->span));
  }

  void carry_renamed(const FileDecl& declaration, std::uint32_t source) {
    const auto old = evaluate(*declaration.file, context_.scope, diagnostics_);
    if (!old) return;
    const std::string name = to_text(*old);
    if (!carry(declaration, source, name, declaration.what) && !declaration.optional)
      report_missing(declaration, source, name);
  }

  /// True when the source has the file, whatever else is wrong with it.
  bool carry(const FileDecl& declaration, std::uint32_t source, const std::string& old,
             const std::string& name) {
    const auto path = side_file_path(*context_.bound.sources[source].checkpoint, old);
    if (!path) return false;
    if (is_of_vocabulary(declaration, name) || follows_vocabulary(declaration, source, name, *path))
      return true;
    if (is_written_by_us(name)) {
      diagnostics_.add(
          error("E166", fmt::format("'{}' is written by inarch and cannot be carried over", name))
              .at(declaration.span));
    } else if (is_there(name, source)) {
      diagnostics_.add(error("E166", fmt::format("'{}' would come from two sources", name))
                           .at(declaration.span));
    } else if (!already_carried(name)) {  // chat_template.jinja: of a tokenizer and a processor
      const auto print = context_.options.fingerprint(*path);
      if (print) {
        files.carried.push_back({source, name, *path, print->size, print->sha256});
      } else {
        diagnostics_.add(print.error());
      }
    }
    return true;
  }

  /// A chat template of the vocabulary's stands above that of a processor.
  bool is_of_vocabulary(const FileDecl& declaration, const std::string& name) const {
    return context_.bound.vocabulary && declaration.what != name && is_there(name, std::nullopt);
  }

  /// A generation_config.json whose ids have changed is written.
  bool follows_vocabulary(const FileDecl& declaration, std::uint32_t source,
                          const std::string& name, const std::string& path) {
    if (!context_.bound.vocabulary || name != "generation_config.json") return false;
    const auto text = context_.options.read_text(path);
    const auto config = text ? parse_json(*text, path) : Result<Value>(text.error());
    if (!config) {
      diagnostics_.add(config.error());
      return true;
    }
    Value followed = *config;
    follow_vocabulary(followed, {source, nullptr, nullptr, declaration.span, false}, context_.bound,
                      diagnostics_);
    if (followed == *config) return false;
    files.written.push_back({name, write_json(followed, JsonStyle::indented)});
    return true;
  }

  bool already_carried(const std::string& name) const {
    return std::any_of(files.carried.begin(), files.carried.end(),
                       [&](const BoundFile& f) { return f.name == name; });
  }

  void report_missing(const FileDecl& declaration, std::uint32_t source, const std::string& what) {
    const BoundSource& from = context_.bound.sources[source];
    const auto& there = from.checkpoint->side_files;
    const bool group = !files_of_group(what).empty();
    std::vector<std::string> names = {"tokenizer", "processor", "generation"};
    if (declaration.file) names.clear();
    names.insert(names.end(), there.begin(), there.end());
    const std::string near = nearest(what, names);
    const bool misspelt = !near.empty() && near != what;
    const bool several = files_of_group(what).size() > 1;
    diagnostics_.add(
        error("E166", fmt::format("source '{}' has no {} file{}", from.name,
                                  escape_for_terminal(what), several ? "s" : ""))
            .at(declaration.file && !group ? declaration.file->span : declaration.span)
            .note(fmt::format("it has {}", there.empty()
                                               ? "no files beside its weights"
                                               : escape_for_terminal(join_names(there, 12))))
            .hint(misspelt ? fmt::format("did you mean '{}'?", escape_for_terminal(near))
                           : fmt::format("\"{}?\": {}", escape_for_terminal(declaration.what),
                                         declaration.file ? "…" : from.name)));
  }

  const OutputContext& context_;
  Diagnostics& diagnostics_;
};

}  // namespace

std::vector<std::string> files_of_group(std::string_view group) {
  if (group == "tokenizer") {
    return {"tokenizer.json",    "tokenizer_config.json",
            "tokenizer.model",   "special_tokens_map.json",
            "added_tokens.json", "vocab.json",
            "merges.txt",        "vocab.txt",
            "spiece.model",      "chat_template.jinja",
            "chat_template.json"};
  }
  if (group == "processor") {
    return {
        "processor_config.json",       "preprocessor_config.json", "video_preprocessor_config.json",
        "image_processor_config.json", "chat_template.jinja",      "chat_template.json"};
  }
  if (group == "generation") return {"generation_config.json"};
  return {};
}

BoundSideFiles bind_files(const OutputDecl& output, const OutputContext& context,
                          Diagnostics& diagnostics) {
  FileBinder binder(context, diagnostics);
  if (context.bound.vocabulary) {
    binder.files.carried = context.bound.vocabulary->files;
    binder.files.written = context.bound.vocabulary->texts;
  }
  for (const FileDecl& declaration : output.files) binder.bind(declaration);
  return std::move(binder.files);
}

std::optional<std::string> side_file_path(const Checkpoint& checkpoint, std::string_view name) {
  const auto& there = checkpoint.side_files;
  if (std::find(there.begin(), there.end(), name) == there.end()) return std::nullopt;
  return fmt::format("{}/{}", checkpoint.location, name);
}

}  // namespace inarch
