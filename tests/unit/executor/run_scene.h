#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "compiler/plan/plan.h"
#include "runtime/executor/run.h"
#include "tests/unit/executor/checkpoint_maker.h"
#include "tests/unit/io/temporary_directory.h"

namespace inarch {

/// A source of a few MB and a plan that builds something of every kind from it, in two shards, with
/// what every output must be.
class RunScene {
 public:
  RunScene();

  const TemporaryDirectory& directory() const { return directory_; }
  std::string out() const { return directory_.at("out"); }
  std::string source_path() const { return directory_.at("source/model.safetensors"); }

  /// The tensors of a built directory that are not what they must be.
  std::vector<std::string> wrong_tensors(const std::string& output) const;
  /// Name and content of each file below `path`, but not of the manifest unless asked for.
  static std::map<std::string, std::string> content(const std::string& path, bool manifest = false);

  Plan plan;
  RunOptions options;  // small cuts, two workers, into out()

 private:
  void add(const std::string& name, DType dtype, Shape shape);
  void plan_movement(class PlanMaker& maker);
  void plan_computation(class PlanMaker& maker);

  TemporaryDirectory directory_;
  CheckpointMaker checkpoint_;
  std::map<std::int64_t, std::vector<double>> values_;  // by offset in the source
  std::map<std::string, std::vector<double>> pending_;
  std::string copied_;  // content of the source file
};

/// "E711 E812": codes of all findings.
std::string codes_of(const Diagnostics& diagnostics);

}  // namespace inarch
