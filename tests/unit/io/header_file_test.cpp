#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "raw_safetensors.h"
#include "runtime/io/safetensors_header.h"
#include "temporary_directory.h"

namespace inarch {
namespace {

class HeaderFile : public testing::Test {
 protected:
  /// The codes that reading a file with this content gives.
  std::string codes_of(std::string_view content) {
    Diagnostics diagnostics;
    const std::string path = directory_.write("m.safetensors", content);
    const auto read = read_safetensors_header(path, "m.safetensors", diagnostics);
    EXPECT_EQ(read.has_value(), !diagnostics.has_errors());
    for (const Diagnostic& finding : diagnostics.list()) EXPECT_EQ(finding.subject, path);
    return codes(diagnostics);
  }
  TemporaryDirectory directory_;
};

TEST_F(HeaderFile, IsIdentified) {
  const std::string content = one_tensor("a", 5);
  const std::string path = directory_.write("m.safetensors", content);
  Diagnostics diagnostics;
  const auto read = read_safetensors_header(path, "short", diagnostics);
  ASSERT_TRUE(read) << described(diagnostics);
  EXPECT_EQ(read->identity.path, path);
  EXPECT_EQ(read->identity.name, "short");
  EXPECT_EQ(read->identity.size, static_cast<std::int64_t>(content.size()));
  EXPECT_GT(read->identity.mtime_ns, 0);
  EXPECT_NE(read->identity.inode, 0u);
  EXPECT_EQ(read->identity.header_sha256.size(), 64u);
  const auto file = open_read(path);
  ASSERT_TRUE(file);
  const auto again = identify_safetensors(*file, "short");
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, read->identity);
}

TEST_F(HeaderFile, IdentityChangesWithHeaderAndTime) {
  Diagnostics diagnostics;
  const std::string path = directory_.write("m.safetensors", one_tensor("a", 5));
  const auto before = read_safetensors_header(path, "m", diagnostics);
  directory_.write("m.safetensors", one_tensor("b", 5));
  const auto after = read_safetensors_header(path, "m", diagnostics);
  ASSERT_TRUE(before && after);
  EXPECT_EQ(before->identity.size, after->identity.size);
  EXPECT_NE(before->identity.header_sha256, after->identity.header_sha256);
  const timespec times[2] = {{100, 7}, {100, 7}};
  ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  const auto touched = read_safetensors_header(path, "m", diagnostics);
  ASSERT_TRUE(touched);
  EXPECT_EQ(touched->identity.mtime_ns, 100'000'000'007);
}

TEST_F(HeaderFile, Fault16RefusesFilesTooShort) {
  EXPECT_EQ(codes_of(""), "E401");
  EXPECT_EQ(codes_of("1234567"), "E401");
}

TEST_F(HeaderFile, Fault17RefusesLengthsBeyondTheFile) {
  EXPECT_EQ(codes_of(length_prefix(1)), "E402");
  EXPECT_EQ(codes_of(length_prefix(3) + "{}"), "E402");
  EXPECT_EQ(codes_of(length_prefix(UINT64_MAX) + "{}"), "E403");
  EXPECT_EQ(codes_of(length_prefix(std::uint64_t{1} << 63u) + "{}"), "E403");
}

TEST_F(HeaderFile, Fault18RefusesHeadersAboveTheLimit) {
  // A sparse file: long enough that only the limit itself speaks against it.
  const std::string path = directory_.write("m.safetensors", length_prefix(100'000'001));
  ASSERT_EQ(::truncate(path.c_str(), 100'000'100), 0);
  Diagnostics diagnostics;
  EXPECT_FALSE(read_safetensors_header(path, "m", diagnostics));
  EXPECT_EQ(codes(diagnostics), "E403");
}

TEST_F(HeaderFile, RefusesAnEmptyHeader) { EXPECT_EQ(codes_of(length_prefix(0)), "E404"); }

TEST_F(HeaderFile, SeesThatTheDataWasCutOff) {
  const std::string whole = one_tensor("a", 1000);
  EXPECT_EQ(codes_of(whole), "");
  EXPECT_EQ(codes_of(whole.substr(0, whole.size() - 1)), "E410");
  EXPECT_EQ(codes_of(whole.substr(0, 30)), "E402");
  EXPECT_EQ(codes_of(whole + "x"), "E413");
}

TEST_F(HeaderFile, Fault34RecognisesAPointerOfGitLfs) {
  EXPECT_EQ(codes_of("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"),
            "E418");
}

TEST_F(HeaderFile, Fault35RecognisesAWebPage) {
  EXPECT_EQ(codes_of("<!DOCTYPE html>\n<html><body>Sign in</body></html>"), "E419");
  EXPECT_EQ(codes_of("\n  <HTML lang=en>"), "E419");
  EXPECT_EQ(codes_of("<htm"), "E401");
}

TEST_F(HeaderFile, RecognisesOtherFormats) {
  EXPECT_EQ(codes_of(std::string("GGUF\3\0\0\0\0\0\0\0\0\0\0\0", 16)), "E425");
  EXPECT_EQ(codes_of(std::string("PK\3\4\0\0\x8\x8 archive/data.pkl", 26)), "E424");
}

TEST_F(HeaderFile, Fault39RefusesWhatIsNoRegularFileWithoutWaiting) {
  const std::string pipe = directory_.at("pipe.safetensors");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  for (const std::string& path : {pipe, std::string("/dev/zero"), directory_.path()}) {
    Diagnostics diagnostics;
    EXPECT_FALSE(read_safetensors_header(path, "x", diagnostics));
    EXPECT_EQ(codes(diagnostics), "E421") << path;
  }
  Diagnostics diagnostics;
  EXPECT_FALSE(read_safetensors_header(directory_.at("absent"), "x", diagnostics));
  EXPECT_EQ(codes(diagnostics), "E701");
}

}  // namespace
}  // namespace inarch
