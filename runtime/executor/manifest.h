#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/core/catalog.h"
#include "compiler/plan/plan.h"
#include "compiler/support/result.h"

namespace inarch {

inline constexpr const char* manifest_name = "manifest.json";

/// What a run says of its output: where every byte came from and what it must hash to. Beside the
/// identities of the sources it depends on nothing but the plan and the content.
struct Manifest {
  struct Tensor {
    std::string name;
    DType dtype = DType::f32;
    Shape shape;
    std::string file;
    std::string digest;  // content_hash.h: combine()
  };
  struct Shard {
    std::string name;
    std::int64_t size = 0;
    std::string header_sha256;
  };
  struct SideFile {
    std::string name;
    std::int64_t size = 0;
    std::string sha256;
  };

  /// A matrix that was factored, the tensors that hold its factors, and how well they do.
  struct Factors {
    std::vector<std::string> tensors;
    std::int64_t rows = 0;
    std::int64_t columns = 0;
    std::int64_t rank = 0;
    bool exact = false;
    double relative_error = 0;             // ‖W − AB‖ / ‖W‖
    std::optional<double> weighted_error;  // the same of the product with what W is applied to
  };

  std::string tool_version;
  std::string recipe_name;
  std::string recipe_path;
  std::string recipe_sha256;
  std::string plan_digest;
  std::string output_digest;
  std::string products;  // the processor kernels that products were computed with; "" for none
  std::vector<PlanSource> sources;
  std::vector<OutputPart> parts;  // none where there is one checkpoint, beside the manifest
  std::vector<Shard> shards;
  std::vector<SideFile> files;
  std::vector<Tensor> tensors;
  std::vector<Factors> factors;
  std::vector<PlanCheck> checks;
  std::vector<PlanLogitsCheck> logits_checks;
};

/// One tensor per line; deterministic.
std::string write_manifest(const Manifest& manifest);
/// E810 when the text is no manifest of a known version.
Result<Manifest> read_manifest(std::string_view text, const std::string& path);
/// Reads `directory`/manifest.json. E810 when there is none.
Result<Manifest> load_manifest(const std::string& directory);

/// One digest for all tensors: XXH3-128 over name, dtype, shape and digest of each, by name, and
/// part by part. The same for any division into shards.
std::string digest_of_tensors(const std::vector<Manifest::Tensor>& tensors);

}  // namespace inarch
