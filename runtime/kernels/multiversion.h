#pragma once

#include <cstdint>  // defines __GLIBC__ where it applies

/// Compiles a function several times, for AVX-512, AVX2 and the x86-64 baseline; the loader picks
/// one. Without contraction (-ffp-contract=off) all of them yield the same bits. Marks definitions
/// of plain functions with vectorisable loops; not templates, not lambdas.
#if defined(__x86_64__) && defined(__GLIBC__) && !defined(__clang__) && !defined(INARCH_SANITIZED)
#define INARCH_MULTIVERSION \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define INARCH_MULTIVERSION
#endif

/// Before a loop whose iterations do not touch each other's elements, though its pointers may be
/// equal. Instrumented loops are not vectorised, and clang warns where it was told to.
#if defined(INARCH_SANITIZED)
#define INARCH_INDEPENDENT
#elif defined(__clang__)
#define INARCH_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define INARCH_INDEPENDENT _Pragma("GCC ivdep")
#endif
