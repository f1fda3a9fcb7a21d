#include "runtime/executor/input_files.h"

#include <span>

#include <fmt/format.h>
#include <sys/resource.h>

#include "compiler/support/sizes.h"
#include "compiler/support/text.h"
#include "runtime/io/safetensors_header.h"

namespace inarch {

namespace {

Diagnostic not_as_planned(const PlanSource& source, const FileIdentity& planned,
                          const FileIdentity& found) {
  std::string message =
      planned.size != found.size
          ? fmt::format("source '{}' has {} bytes, the plan was made for {}",
                        escape_for_terminal(source.name), format_count(found.size),
                        format_count(planned.size))
          : fmt::format("source '{}' has another header than the plan was made for",
                        escape_for_terminal(source.name));
  return error("E710", std::move(message))
      .in(planned.path)
      .hint("make the plan again: inarch plan RECIPE -o PLAN.json");
}

std::string what_changed(const FileIdentity& before, const FileIdentity& now) {
  if (before.size != now.size) {
    return fmt::format("its size went from {} to {} bytes", format_count(before.size),
                       format_count(now.size));
  }
  if (before.inode != now.inode) return "another file has taken its place";
  if (before.mtime_ns != now.mtime_ns) return "it was written to";
  return "its header changed";
}

}  // namespace

bool InputFiles::open_sources(const Plan& plan, Diagnostics& diagnostics) {
  const std::size_t before = diagnostics.errors();
  for (const PlanSource& source : plan.sources) {
    auto& files = sources_.emplace_back();
    auto& identities = identities_.emplace_back();
    for (const FileIdentity& planned : source.files) {
      auto opened = open_read(planned.path);
      if (!opened) {
        diagnostics.add(std::move(opened.error()));
        continue;
      }
      auto found = identify_safetensors(*opened, planned.name);
      if (!found) {
        diagnostics.add(std::move(found.error()));
        continue;
      }
      found->path = planned.path;
      if (found->size != planned.size || found->header_sha256 != planned.header_sha256) {
        diagnostics.add(not_as_planned(source, planned, *found));
      }
      files.push_back(std::move(*opened));
      identities.push_back(std::move(*found));
    }
  }
  return diagnostics.errors() == before;
}

Status InputFiles::read(const ReadOp& op, std::int64_t first, std::int64_t n, void* into) const {
  const std::int64_t width = bytes(op.dtype);
  const std::span<std::byte> target(static_cast<std::byte*>(into),
                                    static_cast<std::size_t>(n * width));
  if (!op.from_output) count_read(n * width);
  return read_exact_at(file(op), target, op.offset + first * width);
}

bool InputFiles::still_unchanged(Diagnostics& diagnostics) const {
  bool unchanged = true;
  for (const auto& identities : identities_) {
    for (const FileIdentity& before : identities) {
      const auto report = [&](const std::string& what) {
        diagnostics.add(error("E711", fmt::format("the source changed during the run: {}", what))
                            .in(before.path)
                            .hint("run again once nothing writes to it"));
        unchanged = false;
      };
      const auto opened = open_read(before.path);
      if (!opened) {
        report(opened.error().message);
        continue;
      }
      auto now = identify_safetensors(*opened, before.name);
      if (!now) {
        report(now.error().message);
        continue;
      }
      now->path = before.path;
      if (!(*now == before)) report(what_changed(before, *now));
    }
  }
  return unchanged;
}

void raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace inarch
