#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/support/diagnostic.h"

namespace inarch {

/// "tensor 'model.norm.weight'", safe to print.
std::string tensor_phrase(std::string_view name);

/// The faults of one header. A truncated file has thousands of equal ones: the first of each code
/// is kept and the others are counted.
class HeaderFaults {
 public:
  void add(std::string code, std::string message, std::string help = {});
  bool empty() const { return kinds_.empty(); }
  bool has(std::string_view code) const;
  /// Hands the faults over, with `path` as their subject.
  void report(const std::string& path, Diagnostics& diagnostics);

 private:
  struct Kind {
    Diagnostic first;
    std::int64_t others = 0;
  };
  std::vector<Kind> kinds_;
};

}  // namespace inarch
