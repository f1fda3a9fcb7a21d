#include "runtime/executor/factor_report.h"

#include <cmath>

namespace inarch {

namespace {

double relative(double squared_error, double squared_norm) {
  return squared_norm > 0 ? std::sqrt(squared_error / squared_norm) : 0;
}

}  // namespace

double FactorReport::relative_error() const { return relative(squared_error, squared_norm); }

double FactorReport::weighted_relative_error() const {
  return relative(weighted_squared_error, weighted_squared_norm);
}

std::vector<FactorReport> FactorTable::list() const {
  const std::scoped_lock lock(mutex_);
  std::vector<FactorReport> reports;
  reports.reserve(reports_.size());
  for (const auto& [place, report] : reports_) reports.push_back(report);
  return reports;
}

}  // namespace inarch
