#include "runtime/io/foreign_file.h"

#include <algorithm>
#include <array>
#include <string>

namespace inarch {

namespace {

std::string lowercase(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

bool is_web_page(std::string_view start) {
  const std::size_t first = start.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return false;
  const std::string text = lowercase(start.substr(first));
  return text.starts_with("<!doctype html") || text.starts_with("<html") ||
         text.starts_with("<?xml");
}

}  // namespace

std::optional<Diagnostic> recognise_foreign_file(std::string_view start) {
  if (start.starts_with("version https://git-lfs")) {
    return error("E418", "the file is a Git LFS pointer, not the weights: they were not downloaded")
        .hint("git lfs pull");
  }
  if (is_web_page(start)) {
    return error("E419", "the file is a web page, not weights: the download went wrong")
        .hint("download the file again; an address of a page shows the file, it does not serve it");
  }
  if (start.starts_with("GGUF")) return gguf_refused("the file is a GGUF model, not safetensors");
  if (start.starts_with("PK\x03\x04")) {
    return pickle_refused("the file is a zip archive, probably a pickle, not safetensors");
  }
  return std::nullopt;
}

bool is_pickle_name(std::string_view name) {
  constexpr std::array<std::string_view, 6> suffixes = {".bin", ".pt",   ".pth",
                                                        ".pkl", ".ckpt", ".pickle"};
  // training_args.bin and friends are pickles too, but no weights.
  const std::string text = lowercase(name);
  return text != "training_args.bin" &&
         std::any_of(suffixes.begin(), suffixes.end(),
                     [&](std::string_view suffix) { return text.ends_with(suffix); });
}

bool is_gguf_name(std::string_view name) { return lowercase(name).ends_with(".gguf"); }

bool is_safetensors_name(std::string_view name) { return name.ends_with(".safetensors"); }

Diagnostic pickle_refused(std::string message) {
  return error("E424", std::move(message))
      .note("loading a pickle runs the code inside it, so inarch never opens one")
      .hint("convert it where you trust it: load the model and save_pretrained(directory)");
}

Diagnostic gguf_refused(std::string message) {
  return error("E425", std::move(message))
      .hint("use the safetensors files that the GGUF was made from");
}

}  // namespace inarch
