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
  # More than the usual 8: what several sources instantiate is compiled once for a batch.
  set(CMAKE_UNITY_BUILD_BATCH_SIZE 32)
  # A local name may be that of a neighbour's constant; builds of single sources have that warning.
  target_compile_options(inarch_options INTERFACE -Wno-shadow)
endif()
if(INARCH_SANITIZE)
  # Instrumented code takes three times as long to optimise as it takes to run here. Lines take a tenth longer to
  # compile; names of functions are in traces without them.
  option(INARCH_TRACE_LINES "give lines in the traces of sanitizers" OFF)
  set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g0")
  if(INARCH_TRACE_LINES)
    set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1")
  endif()
  # What g++ 12 says of uninitialised values is wrong between the checks that were put in; the other
  # builds have that warning.
  target_compile_options(inarch_options INTERFACE
    -fsanitize=${INARCH_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all
    # A null pointer that is followed traps anyway, and these checks take almost a third of the time to compile.
    -fno-sanitize=null,vptr,object-size
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  target_link_options(inarch_options INTERFACE -fsanitize=${INARCH_SANITIZE})
  find_program(LLD ld.lld)
  if(LLD)
    target_link_options(inarch_options INTERFACE -fuse-ld=lld)  # in less than a third of the time
  endif()
  # Function clones are chosen by resolvers that run before a sanitizer is ready.
  target_compile_definitions(inarch_options INTERFACE INARCH_SANITIZED=1)
endif()

# Code that decides and formats has no loops over values: -O3 makes it larger, no faster, and takes up to a third longer.
function(inarch_decides target)
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O2>)
endfunction()

# What fuzz targets look into counts its blocks for them, and nothing else does. Tracing comparisons too, as
# fuzzer-no-link does, takes a quarter longer to build.
function(inarch_fuzzed target)
  if(INARCH_FUZZ)
    target_compile_options(${target} PRIVATE -fsanitize-coverage=inline-8bit-counters,pc-table)
  endif()
endfunction()
