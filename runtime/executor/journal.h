#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "compiler/support/result.h"
#include "runtime/executor/factor_report.h"
#include "runtime/io/file.h"
#include "runtime/kernels/content_hash.h"

namespace inarch {

/// The record of finished units in a work directory: lines of text, each behind a checksum of
/// itself. The first names plan, version and sources; a journal with another first line is of no
/// use. Lines that do not match their checksum (torn by a crash) count as absent. What a line
/// claims is only believed once the bytes have been hashed again.
inline constexpr const char* journal_name = ".inarch-journal";

struct FinishedUnit {
  std::int64_t unit = 0;
  PieceDigest digest{};
};

struct JournalContent {
  bool found = false;    // there is a journal
  bool matches = false;  // and its first line is the expected one
  std::vector<FinishedUnit> finished;
  std::vector<FactorReport> factors;
};
JournalContent read_journal(const std::string& path, const std::string& identity);

class Journal {
 public:
  /// Starts a new journal; `identity` is its first line.
  Status create(const std::string& path, const std::string& identity);
  /// Goes on with an existing one.
  Status reopen(const std::string& path);
  /// Several threads may.
  Status add(const FinishedUnit& finished);
  Status add(const FactorReport& report);

 private:
  Status put(const std::string& line);

  std::mutex mutex_;
  File file_;
  std::int64_t end_ = 0;
};

}  // namespace inarch
