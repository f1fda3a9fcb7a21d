#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace inarch {

/// What a recipe says of one token's row.
struct RowInstruction {
  enum class Kind : std::uint8_t { row, zero, mean };
  Kind kind = Kind::zero;
  std::size_t source = 0;  // of `row`: which of the layout's sources
  std::int64_t id = 0;     // and its row there
  bool force = false;      // also for sources that have the token
};

/// A vocabulary, and which rows its sources have for its tokens.
struct VocabularyLayout {
  std::vector<std::int64_t> tokens;            // their ids, ascending; holes are possible
  std::vector<std::string> texts;              // likewise
  std::int64_t rows = 0;                       // of an embedding, padding included
  std::vector<std::vector<std::int64_t>> ids;  // [source][token]: its id there, or -1
  std::int32_t base = 0;  // the source that comes first for rows that another lacks; -1: none
  std::map<std::size_t, RowInstruction> instructions;  // by token
};

/// Where a row of an embedding in the vocabulary comes from.
struct RowOrigin {
  enum class Kind : std::uint8_t {
    copy,     // of a source's row
    average,  // of the rows of several sources
    zero,
    mean,  // of all rows of the result that are none themselves
  };
  Kind kind = Kind::mean;
  std::size_t source = 0;
  std::int64_t row = 0;
  std::vector<std::pair<std::size_t, std::int64_t>> owners;  // of `average`: sources and rows
};

/// A token for which no source has a row.
struct RowlessToken {
  std::size_t token = 0;
  bool instructed = false;  // an instruction names a row that its source's embedding does not have
};

/// The origin of every row for the source `of`, where the source k has sizes[k] rows. A token's row
/// is the source's own, or as instructed, or the base's, or that of its only owner, or the average
/// of all owners'; ids that are beyond a source's rows count as lacking. Padding and holes are the
/// mean. The tokens without a row are added to `rowless`.
std::vector<RowOrigin> plan_rows(const VocabularyLayout& layout, std::size_t of,
                                 const std::vector<std::int64_t>& sizes,
                                 std::vector<RowlessToken>& rowless);

}  // namespace inarch
