#include "runtime/forward/weight_files.h"

#include <algorithm>

#include "runtime/kernels/convert.h"

namespace inarch {

namespace {

constexpr std::size_t most_open = 16;

}  // namespace

Result<std::shared_ptr<const File>> WeightFiles::file(std::uint32_t index) {
  const std::scoped_lock lock(mutex_);
  const auto known = std::find_if(open_.begin(), open_.end(),
                                  [&](const auto& entry) { return entry.first == index; });
  if (known != open_.end()) {
    auto entry = *known;
    open_.erase(known);
    open_.push_front(entry);
    return entry.second;
  }
  auto opened = open_read(model_->files[index].path);
  if (!opened) return opened.error();
  auto shared = std::make_shared<const File>(std::move(*opened));
  open_.emplace_front(index, shared);
  if (open_.size() > most_open) open_.pop_back();
  return shared;
}

Status WeightFiles::read(const TensorInfo& tensor, std::int64_t begin, std::span<std::byte> into) {
  const auto from = file(tensor.file);
  if (!from) return from.error();
  return read_exact_at(**from, into, tensor.offset + begin);
}

void WeightFiles::expect(const TensorInfo& tensor, std::int64_t begin, std::int64_t bytes) {
  const auto from = file(tensor.file);
  if (from) read_ahead(**from, tensor.offset + begin, bytes);
}

Result<std::vector<float>> read_vector(WeightFiles& files, const TensorInfo& tensor) {
  const auto count = static_cast<std::size_t>(tensor.elements());
  std::vector<std::byte> stored(count * static_cast<std::size_t>(bytes(tensor.dtype)));
  if (Status status = files.read(tensor, 0, stored); !status) return status.error();
  std::vector<float> values(count);
  decode(tensor.dtype, stored.data(), tensor.elements(), values.data());
  return values;
}

}  // namespace inarch
