/// Execution policies: how a batched operation is spread over cores. An algorithm is written once against
/// `exec::for_each` and never says "thread"; the result is the same bits under every policy and thread count,
/// because the work items are independent and each one is computed in one fixed order. OpenMP is named here
/// only.
#pragma once

#include <algorithm>
#include <atomic>
#include <concepts>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <type_traits>
#include <utility>
#include <vislabel/core/error.hpp>

#ifdef _OPENMP
#include <omp.h>
#endif
#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#endif

namespace vislabel::exec {

/// Everything on the calling thread.
struct Seq {};

/// OpenMP. `threads` = 0: as many as OpenMP would use by itself (OMP_NUM_THREADS, else all cores). Compiled
/// without OpenMP, and in a forked child of a process with threads (libgomp's pool does not survive fork: its
/// first region would hang, whoever started the pool), the work runs on the calling thread.
struct Omp {
  int threads = 0;
};

template <class P>
concept Policy = std::same_as<std::remove_cvref_t<P>, Seq> || std::same_as<std::remove_cvref_t<P>, Omp>;

/// True iff this translation unit was compiled with OpenMP.
#ifdef _OPENMP
inline constexpr bool has_openmp = true;
#else
inline constexpr bool has_openmp = false;
#endif

namespace detail {

/// Below this much work a second thread costs more than it brings: a cold region took up to 8 ms, and on a
/// busy machine operations of 0.5 ms took 7 to 11 ms on two threads, waiting for the second one at the
/// region's end.
inline constexpr std::int64_t smallest_parallel_ns = 1'000'000;

inline constexpr int most_threads = 1024;  ///< a typo must not exhaust the machine

/// What Linux tells of this process; elsewhere the cautious answer.
struct ProcessState {
  bool forked = false;  ///< born by fork, without an exec since
  long threads = 2;
};

inline ProcessState process_state() {
  ProcessState state;
#ifdef __linux__
  std::FILE* const file = std::fopen("/proc/self/stat", "re");
  if (file == nullptr) return state;
  char text[1024];
  text[std::fread(text, 1, sizeof(text) - 1, file)] = '\0';
  std::fclose(file);
  const char* const rest = std::strrchr(text, ')');  // the name before it may hold anything
  const char* const fields = " %*c %*d %*d %*d %*d %*d %lu %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %ld";
  unsigned long flags = 0;
  if (rest != nullptr && std::sscanf(rest + 1, fields, &flags, &state.threads) == 2)
    state.forked = (flags & 0x40) != 0;  // PF_FORKNOEXEC
#endif
  return state;
}

inline std::atomic<bool> several_threads{false};  ///< at the last fork, in the parent
inline std::atomic<bool> threads_lost{false};     ///< in the child, for ever

/// Watches from the start of the program or the loading of the library: another library may use the same
/// pool (torch) before the first call of this one. Loaded in a forked child, it cannot know what the parent
/// had, and takes the pool as lost.
inline const bool forks_watched = [] {
#if defined(__unix__) || defined(__APPLE__)
  threads_lost = process_state().forked;
  pthread_atfork([] { several_threads = process_state().threads > 1; }, nullptr,
                 [] { threads_lost = threads_lost || several_threads; });
#endif
  return true;
}();

/// The error of the lowest index, so that the message is the same under every policy.
class FirstError {
 public:
  [[nodiscard]] bool beyond(std::int64_t i) const { return i > index_.load(std::memory_order_relaxed); }

  void keep(std::int64_t i, std::exception_ptr error) {
    while (lock_.test_and_set(std::memory_order_acquire)) {
    }
    if (i < index_.load(std::memory_order_relaxed)) {
      index_.store(i, std::memory_order_relaxed);
      error_ = std::move(error);
    }
    lock_.clear(std::memory_order_release);
  }

  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  std::atomic<std::int64_t> index_{INT64_MAX};
  std::atomic_flag lock_ = ATOMIC_FLAG_INIT;
  std::exception_ptr error_;
};

inline int thread_count(Seq, std::int64_t, std::int64_t) { return 1; }

inline int thread_count([[maybe_unused]] Omp policy, [[maybe_unused]] std::int64_t count,
                        [[maybe_unused]] std::int64_t ns_each) {
#ifdef _OPENMP
  vislabel::detail::require(policy.threads >= 0 && policy.threads <= most_threads, "exec::Omp: threads is ",
                            policy.threads, ", expected 0 (all) to ", most_threads);
  if (!forks_watched || threads_lost.load(std::memory_order_relaxed)) return 1;
  if (omp_in_parallel() || count < 2) return 1;
  if (count * ns_each < smallest_parallel_ns) return 1;
  const int wanted = policy.threads > 0 ? policy.threads : omp_get_max_threads();
  return static_cast<int>(std::min<std::int64_t>(wanted, count));
#else
  return 1;
#endif
}

}  // namespace detail

/// Calls `body(state, i)` once for every i in [0, count), where `state` comes from `make_state()`, once per
/// thread.
///
/// `ns_each` is a rough cost of one item in nanoseconds: little work stays on the calling thread. An
/// exception of `body` is rethrown on the calling thread; of several, the one of the lowest i.
template <Policy P, class MakeState, class Body>
void for_each(P policy, std::int64_t count, std::int64_t ns_each, MakeState&& make_state, Body&& body) {
  const int threads = detail::thread_count(policy, count, ns_each);
  if (threads <= 1) {
    if (count <= 0) return;
    auto state = make_state();
    for (std::int64_t i = 0; i < count; ++i) body(state, i);
    return;
  }
#ifdef _OPENMP
  std::atomic<std::int64_t> next{0};
  detail::FirstError error;
  const std::int64_t chunk = std::max<std::int64_t>(1, count / (std::int64_t{threads} * 16));
  // Relaxed: it hands out numbers only, and must not order the items, or ThreadSanitizer misses their races.
  const auto take = [&] { return next.fetch_add(chunk, std::memory_order_relaxed); };
#pragma omp parallel num_threads(threads)
  {
    std::int64_t i = 0;
    try {
      auto state = make_state();
      for (std::int64_t begin = take(); begin < count; begin = take()) {
        for (i = begin; i < std::min(begin + chunk, count) && !error.beyond(i); ++i) {
          try {
            body(state, i);
          } catch (...) {
            error.keep(i, std::current_exception());
          }
        }
      }
    } catch (...) {
      error.keep(i, std::current_exception());
    }
  }
  error.rethrow();
#endif
}

/// The same without a state: calls `body(i)`.
template <Policy P, class Body>
void for_each(P policy, std::int64_t count, std::int64_t ns_each, Body&& body) {
  for_each(policy, count, ns_each, [] { return 0; }, [&body](int, std::int64_t i) { body(i); });
}

}  // namespace vislabel::exec
