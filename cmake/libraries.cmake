# Every outside library, and the one folder that may use it (tests/support/check_includes.py holds this).
find_package(Threads REQUIRED)
find_package(yaml-cpp REQUIRED)                                  # compiler/recipe
find_package(nlohmann_json REQUIRED)                             # JSON readers and writers
find_package(Boost REQUIRED COMPONENTS program_options)          # runtime/cli; Boost.Graph (headers) in compiler/ir
find_package(TBB REQUIRED)                                       # runtime/executor
find_package(fmt REQUIRED)                                       # everywhere
find_package(PkgConfig REQUIRED)
pkg_check_modules(PCRE2 REQUIRED IMPORTED_TARGET libpcre2-8)     # compiler/tokenize/text_pattern.cpp
pkg_check_modules(UTF8PROC REQUIRED IMPORTED_TARGET libutf8proc) # compiler/tokenize/unicode_text.cpp
pkg_check_modules(SENTENCEPIECE REQUIRED IMPORTED_TARGET sentencepiece)  # compiler/tokenize/sentencepiece_engine.cpp
pkg_check_modules(OPENBLAS REQUIRED IMPORTED_TARGET openblas)    # runtime/kernels/gemm.cpp, linear_algebra.cpp
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)     # runtime/kernels/content_hash.cpp
find_package(OpenSSL REQUIRED COMPONENTS Crypto)                 # compiler/support/sha256.cpp
