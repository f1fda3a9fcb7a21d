#include "compiler/support/source_map.h"

#include <algorithm>

namespace inarch {

FileId SourceMap::add(std::string path, std::string text) {
  File file{std::move(path), std::move(text), {0}};
  for (std::size_t i = 0; i < file.text.size(); ++i) {
    if (file.text[i] == '\n') file.line_starts.push_back(static_cast<std::uint32_t>(i + 1));
  }
  files_.push_back(std::move(file));
  return static_cast<FileId>(files_.size());
}

Location SourceMap::locate(FileId file, std::uint32_t offset) const {
  const File& f = files_[file - 1];
  offset = std::min<std::uint32_t>(offset, static_cast<std::uint32_t>(f.text.size()));
  const auto after = std::upper_bound(f.line_starts.begin(), f.line_starts.end(), offset);
  const std::uint32_t start = *(after - 1);
  int column = 1;
  const bool byte_order_mark = start == 0 && f.text.compare(0, 3, "\xEF\xBB\xBF") == 0;
  for (std::uint32_t i = byte_order_mark ? 3 : start; i < offset; ++i) {
    const bool continuation = (static_cast<unsigned char>(f.text[i]) & 0xC0u) == 0x80u;
    if (!continuation) ++column;
  }
  return {static_cast<int>(after - f.line_starts.begin()), column};
}

std::string_view SourceMap::line(FileId file, int number) const {
  const File& f = files_[file - 1];
  const auto index = static_cast<std::size_t>(number - 1);
  if (number < 1 || index >= f.line_starts.size()) return {};
  const std::size_t begin = f.line_starts[index];
  std::size_t end = index + 1 < f.line_starts.size() ? f.line_starts[index + 1] - 1 : f.text.size();
  if (end > begin && f.text[end - 1] == '\r') --end;
  return std::string_view(f.text).substr(begin, end - begin);
}

}  // namespace inarch
