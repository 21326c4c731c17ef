// A block of threads in emulation: who runs when, and who waits for whom.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <fiber.hpp>
#include <functional>
#include <numeric>
#include <random>
#include <source_location>
#include <stdexcept>
#include <string>
#include <vector>

namespace emulated {

// What a real device might have done silently, or never ended.
class Defect : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

constexpr unsigned warp_size = 32;

struct Index {
  unsigned x = 0, y = 0, z = 0;
};

// In which order threads run between barriers, and blocks: `seed` 0 as they are numbered, 1 the other way
// round, others at random. A result that depends on it misses a barrier.
struct Order {
  std::uint64_t seed = 0;
};
inline Order order;

// Where a thread waits.
struct Site {
  const char* file = "";
  unsigned line = 0;
  friend bool operator==(const Site&, const Site&) = default;
  [[nodiscard]] std::string text() const { return std::string(file) + ":" + std::to_string(line); }
};

[[nodiscard]] inline Site site_of(const std::source_location& location) {
  return {location.file_name(), location.line()};
}

class SharedMemory;

// One block, from its start to its end.
class Block {
 public:
  Block(unsigned threads, std::function<void()> kernel, std::uint64_t seed)
      : kernel_(std::move(kernel)), generator_(seed), seed_(seed), threads_(threads), turn_(threads) {
    std::iota(turn_.begin(), turn_.end(), 0U);
    if (seed_ == 1) std::reverse(turn_.begin(), turn_.end());
    if (seed_ > 1) std::shuffle(turn_.begin(), turn_.end(), generator_);
  }

  void run() {
    start_all();
    while (live_ > 0) {
      if (!release_warps()) release_block();
      if (seed_ > 1) std::shuffle(turn_.begin(), turn_.end(), generator_);
      for (const unsigned i : turn_) {
        Thread& own = threads_[current_ = i];
        if (own.wait == Wait::nothing && !own.done) own.fiber->resume();
      }
    }
  }

  // --- called by the thread that runs ---

  [[nodiscard]] unsigned thread() const { return current_; }
  [[nodiscard]] unsigned warp() const { return current_ / warp_size; }
  [[nodiscard]] unsigned lane() const { return current_ % warp_size; }

  // Waits for all threads of the block.
  void wait_for_block(Site site) { wait(Wait::block, site); }

  // Gives a value to the warp, waits for all its lanes, and returns theirs.
  template <class T>
  std::array<T, warp_size> exchange(T value, Site site) {
    static_assert(sizeof(T) <= sizeof(std::uint64_t));
    Thread& own = threads_[current_];
    const unsigned turn = own.exchanges++ % 2,
                   first = current_ - lane();  // two: slow lanes still read the last one
    std::memcpy(&own.given[turn], &value, sizeof value);
    wait(Wait::warp, site);
    std::array<T, warp_size> all;
    for (unsigned i = 0; i < warp_size; ++i)
      std::memcpy(&all[i], &threads_[first + i].given[turn], sizeof(T));
    return all;
  }

  // Memory that one lane of a warp writes is seen by the others from here on.
  void wait_for_warp(Site site) {
    wait(Wait::warp, site);
    ++threads_[current_].warp_epoch;
  }

  // How many barriers of the block, and of its warp, the thread has passed: accesses with equal numbers may
  // happen in any order.
  [[nodiscard]] std::uint32_t block_epoch() const { return block_epoch_; }
  [[nodiscard]] std::uint32_t warp_epoch() const { return threads_[current_].warp_epoch; }

  [[nodiscard]] SharedMemory& shared() { return *shared_; }
  void use(SharedMemory& shared) { shared_ = &shared; }

 private:
  enum class Wait : std::uint8_t { nothing, warp, block };

  struct Thread {
    Fiber* fiber = nullptr;  // once it has waited for something
    bool done = false;
    Wait wait = Wait::nothing;
    Site site;
    std::uint32_t warp_epoch = 0, exchanges = 0;
    std::array<std::uint64_t, 2> given{};
  };

  // Threads share a fiber, one after the other, until one waits and keeps it: where none waits, none is ever
  // switched.
  void start_all() {
    std::size_t next = 0;
    while (next < threads_.size()) {
      fibers_.emplace_back(stack(fibers_.size()), [this, &next] {
        bool mine = true;
        while (mine && next < threads_.size()) {
          const unsigned i = turn_[next++];
          current_ = i;
          kernel_();
          threads_[i].done = true, --live_;
          mine = threads_[i].fiber == nullptr;
        }
      });
      fibers_.back().resume();
    }
  }

  void wait(Wait what, Site site) {
    Thread& own = threads_[current_];
    own.wait = what, own.site = site;
    if (own.fiber == nullptr) own.fiber = &fibers_.back();
    own.fiber->stop();
  }

  // Kept from block to block.
  static const Stack& stack(std::size_t i) {
    thread_local std::deque<Stack> stacks;
    while (stacks.size() <= i) stacks.emplace_back();
    return stacks[i];
  }

  // Lets those warps go on whose lanes all wait for one another. False: there is none.
  bool release_warps() {
    bool any = false;
    for (std::size_t first = 0; first < threads_.size(); first += warp_size) {
      const auto begin = threads_.begin() + static_cast<std::ptrdiff_t>(first), end = begin + warp_size;
      if (std::none_of(begin, end, [](const Thread& t) { return t.wait == Wait::warp; })) continue;
      if (!std::all_of(begin, end,
                       [&](const Thread& t) { return t.wait == Wait::warp && t.site == begin->site; }))
        continue;
      std::for_each(begin, end, [](Thread& t) { t.wait = Wait::nothing; });
      any = true;
    }
    return any;
  }

  void release_block() {
    std::size_t first = 0;
    while (threads_[first].done) ++first;
    for (std::size_t i = 0; i < threads_.size(); ++i)
      if (threads_[i].done || threads_[i].wait != Wait::block || !(threads_[i].site == threads_[first].site))
        throw Defect("divergent barrier: " + state(first) + (i == first ? "" : ", but " + state(i)));
    for (Thread& own : threads_) own.wait = Wait::nothing, own.warp_epoch = 0;
    ++block_epoch_;
  }

  [[nodiscard]] std::string state(std::size_t i) const {
    const Thread& own = threads_[i];
    std::string text = "thread " + std::to_string(i);
    if (own.done) return text + " has returned";
    return text + (own.wait == Wait::warp ? " waits for its warp at " : " waits for the block at ") +
           own.site.text();
  }

  std::function<void()> kernel_;
  std::mt19937_64 generator_;
  std::uint64_t seed_;
  std::vector<Thread> threads_;
  std::vector<unsigned> turn_;  // the order of threads until the next barrier
  std::deque<Fiber> fibers_;
  std::size_t live_ = threads_.size();
  unsigned current_ = 0;
  std::uint32_t block_epoch_ = 0;
  SharedMemory* shared_ = nullptr;
};

inline thread_local Block* running = nullptr;  // the block that runs

}  // namespace emulated
