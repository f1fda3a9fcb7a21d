#pragma once

// g++ has a macro, and clang a feature.
#if defined(__SANITIZE_THREAD__)
#define INARCH_SEES_THREADS 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define INARCH_SEES_THREADS 1
#endif
#endif

#ifdef INARCH_SEES_THREADS
extern "C" void __tsan_acquire(void* address);
extern "C" void __tsan_release(void* address);
#endif

namespace inarch {

/// TBB orders what happens before its tasks start and what happens in them, but the thread
/// sanitizer cannot see that in a TBB that was not built for it. These say it; elsewhere they are
/// nothing.
inline void tell_order_before(void* work) {
#ifdef INARCH_SEES_THREADS
  __tsan_release(work);
#else
  (void)work;
#endif
}
inline void tell_order_after(void* work) {
#ifdef INARCH_SEES_THREADS
  __tsan_acquire(work);
#else
  (void)work;
#endif
}

}  // namespace inarch
