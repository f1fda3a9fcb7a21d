#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "compiler/core/catalog.h"

namespace inarch {

/// Which tensor of a source lies at a place in a file: plans have places alone.
class SourceNames {
 public:
  struct Found {
    std::string_view stored;  // the tensor there, or the part of an encoded one
    std::string_view whole;   // the tensor whose values it is part of; else the same
  };

  /// By source of the plan, in its order; null where the names are not known. They must live on.
  explicit SourceNames(const std::vector<std::shared_ptr<const Checkpoint>>& checkpoints);

  /// What is stored at a byte of a file; empty names when that is not known.
  Found find(std::uint32_t source, std::uint32_t file, std::int64_t offset) const;

 private:
  struct Place {
    std::uint32_t file = 0;
    std::int64_t begin = 0;
    std::int64_t end = 0;
    Found found;
  };
  std::vector<std::vector<Place>> places_;  // by source; sorted by file, then by offset
};

}  // namespace inarch
