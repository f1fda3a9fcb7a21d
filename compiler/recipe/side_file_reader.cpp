#include "compiler/recipe/side_file_reader.h"

#include <fmt/format.h>

#include "compiler/recipe/fields.h"

namespace inarch {

std::optional<FileDecl> read_file_entry(const YamlNode& name, const YamlNode& value,
                                        Diagnostics& diagnostics) {
  const std::size_t before = diagnostics.errors();
  FileDecl file;
  file.what = without_mark(name.text);
  file.span = name.span;
  file.optional = is_marked(name.text);
  if (value.is_scalar()) {
    file.source = parse_template(value.text, value.span, diagnostics);
  } else if (!value.is_mapping()) {
    wrong_kind(value, fmt::format("'{}'", name.text), "a source's name", diagnostics);
  } else {
    const Fields fields(value, "a file", {"from", "file", "json", "text", "path"}, diagnostics);
    file.source = fields.text("from");
    file.file = fields.text("file");
    file.text = fields.text("text");
    file.path = fields.text("path");
    if (const YamlNode* json = fields.get("json")) file.json = *json;
    const int ways =
        (file.source ? 1 : 0) + (file.json ? 1 : 0) + (file.text ? 1 : 0) + (file.path ? 1 : 0);
    const bool misspelt = ways == 0 && fields.misspelt({"from", "json", "text", "path"});
    if (!misspelt && diagnostics.errors() == before && (ways != 1 || (file.file && !file.source))) {
      diagnostics.add(
          error("E133", file.file && !file.source && ways > 0
                            ? "'file' says what a source calls the file"
                            : "a file has one of 'from', 'json', 'text' and 'path'")
              .at(value.span)
              .hint("{ from: SOURCE, file: NAME }, { json: … }, { text: … } or { path: … }"));
    }
  }
  if (diagnostics.errors() != before) return std::nullopt;
  return file;
}

}  // namespace inarch
