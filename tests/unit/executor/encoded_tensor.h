#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "compiler/core/encoding.h"

namespace inarch {

/// An encoded tensor with random codes, in the forms that its parts are stored in, and what its
/// values are by the definition of its codec: numbers that f32 holds exactly.
struct EncodedSample {
  struct Part {
    DType dtype = DType::u8;
    std::string bytes;
    std::vector<double> values;  // by element; of words and bytes, as whole numbers
  };

  std::string name;
  Encoding encoding;
  std::map<PartRole, Part> parts;

  double value(std::int64_t matrix, std::int64_t row, std::int64_t column) const;
  std::vector<double> values() const;

 private:
  std::int64_t field(PartRole role, std::int64_t word, std::int64_t place, int width) const;
  std::int64_t code_of(std::int64_t row, std::int64_t column) const;
  double zero_of(std::int64_t row, std::int64_t group) const;
  double scale_of_block(std::int64_t block) const;
  double flat(std::int64_t element) const;
  double in_words(std::int64_t row, std::int64_t column) const;
};

/// One sample of each codec and variant, sides that end within blocks where they may.
std::vector<EncodedSample> encoded_samples(std::mt19937_64& random);

}  // namespace inarch
