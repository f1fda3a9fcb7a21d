#include "compiler/recipe/data_reader.h"

#include "compiler/recipe/fields.h"

namespace inarch {

namespace {

void read_tensor(const YamlNode& node, DataDecl& data, Diagnostics& diagnostics) {
  if (!node.is_scalar()) return wrong_kind(node, "'tensor'", "a source's tensor", diagnostics);
  const TensorExprPtr tensor = parse_tensor_expression(node.text, node.span, diagnostics);
  if (!tensor) return;
  const bool of_source = tensor->source != "out" && tensor->source != "define";
  if (tensor->kind == TensorExpr::Kind::reference && of_source) {
    data.tensor = tensor;
    return;
  }
  diagnostics.add(error("E127", "a table is read from a tensor of a source, as it is stored there")
                      .at(node.span)
                      .hint("tensor: SOURCE:NAME"));
}

/// `tensors`, which a file of safetensors needs, and any other does without.
void read_names(const Fields& fields, DataDecl& data, Diagnostics& diagnostics) {
  const YamlNode* node = fields.get("tensors");
  if (!node) return;
  if (!node->is_scalar()) return wrong_kind(*node, "'tensors'", "a tensor's name", diagnostics);
  if (!data.file && !fields.get("file")) {
    diagnostics.add(error("E127", "'tensors' names those of a file")
                        .at(fields.key_span("tensors"))
                        .hint("file: stats.safetensors"));
    return;
  }
  data.tensors = parse_name_pattern(node->text, node->span, diagnostics);
}

}  // namespace

std::optional<DataDecl> read_data_entry(const YamlNode& name, const YamlNode& value,
                                        Diagnostics& diagnostics) {
  const std::size_t before = diagnostics.errors();
  DataDecl data;
  data.name = name.text;
  data.span = name.span;
  if (value.is_scalar()) {
    data.file = parse_template(value.text, value.span, diagnostics);
  } else {
    const Fields fields(value, "a table", {"file", "of", "tensor", "tensors"}, diagnostics);
    if (!value.is_mapping()) return std::nullopt;
    data.file = fields.text("file");
    data.of = fields.text("of");
    const YamlNode* tensor = fields.get("tensor");
    if (tensor) read_tensor(*tensor, data, diagnostics);
    read_names(fields, data, diagnostics);
    const bool misspelt = !data.file && !tensor && fields.misspelt({"file", "tensor"});
    const bool one = static_cast<bool>(data.file) != static_cast<bool>(tensor);
    if (!misspelt && diagnostics.errors() == before && (!one || (tensor && data.of))) {
      diagnostics.add(error("E127", tensor && data.of ? "'of' names the source of a file"
                                                      : "a table has either 'file' or 'tensor'")
                          .at(value.span)
                          .hint("file: PATH, or tensor: SOURCE:NAME"));
    }
  }
  if (diagnostics.errors() != before) return std::nullopt;
  return data;
}

}  // namespace inarch
