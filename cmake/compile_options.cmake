add_library(inarch_options INTERFACE)
target_include_directories(inarch_options INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(inarch_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wcast-qual -Wundef
  # g++ 12 sees overlap in `"a" + std::string()` where there is none (GCC bug 105651).
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
  # The same arithmetic on every machine: a fused multiply-add rounds once where two operations round twice.
  -ffp-contract=off)
if(INARCH_WERROR)
  target_compile_options(inarch_options INTERFACE -Werror)
endif()
if(CMAKE_UNITY_BUILD)
  # A local name may be that of a neighbour's constant; builds of single sources have that warning.
  target_compile_options(inarch_options INTERFACE -Wno-shadow)
endif()
if(INARCH_SANITIZE)
  # Instrumentation makes optimisation dear. Traces have their lines with -g1 too.
  set(CMAKE_CXX_FLAGS_DEBUG "-Og -g1")
  # What g++ 12 says of uninitialised values is wrong between the checks that were put in; the other
  # builds have that warning.
  target_compile_options(inarch_options INTERFACE
    -fsanitize=${INARCH_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  target_link_options(inarch_options INTERFACE -fsanitize=${INARCH_SANITIZE})
  # Function clones are chosen by resolvers that run before a sanitizer is ready.
  target_compile_definitions(inarch_options INTERFACE INARCH_SANITIZED=1)
endif()

# What fuzz targets look into is instrumented for them, and nothing else: it costs a quarter of a build and of a run.
function(inarch_fuzzed target)
  if(INARCH_FUZZ)
    target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
  endif()
endfunction()
