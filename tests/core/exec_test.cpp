#include <doctest/doctest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <oracle.hpp>
#include <stdexcept>
#include <string>
#include <vector>
#include <vislabel/core/exec.hpp>

using namespace vislabel;

namespace {
constexpr std::int64_t costly = 1'000'000;  // so much work per item that every policy uses all its threads
}

TEST_CASE("every item is visited exactly once, for any count and policy") {
  oracle::under_every_policy([](auto policy) {
    for (const std::int64_t count : {0, 1, 2, 3, 7, 64, 1000}) {
      std::vector<int> visits(static_cast<std::size_t>(count));
      exec::for_each(policy, count, costly, [&](std::int64_t i) { ++visits[static_cast<std::size_t>(i)]; });
      CHECK(visits == std::vector<int>(visits.size(), 1));
    }
  });
}

TEST_CASE("a negative count is no work") {
  oracle::under_every_policy([](auto policy) {
    int calls = 0;
    exec::for_each(policy, -5, costly, [&](std::int64_t) { ++calls; });
    CHECK(calls == 0);
  });
}

TEST_CASE("the default policy and more threads than items do all the work") {
  for (const int threads : {0, 50}) {
    std::atomic<std::int64_t> sum{0};
    exec::for_each(exec::Omp{threads}, 10, costly, [&](std::int64_t i) { sum += i; });
    CHECK(sum == 45);
  }
}

TEST_CASE("the exception of the lowest index is rethrown under every policy") {
  oracle::under_every_policy([](auto policy) {
    for (const std::int64_t first : {0, 1, 57, 199}) {
      const auto body = [&](std::int64_t i) {
        if (i >= first) throw std::out_of_range("item " + std::to_string(i));
      };
      const std::string expected = "item " + std::to_string(first);
      CHECK_THROWS_WITH_AS(exec::for_each(policy, 200, costly, body), expected.c_str(), std::out_of_range);
    }
  });
}

TEST_CASE("the lowest index wins even when a higher one fails after it") {
  std::atomic<int> stage{0};
  const auto wait_for = [&](int wanted) {  // bounded: a machine may give one thread only
    for (int k = 0; k < 100'000 && stage < wanted; ++k) sched_yield();
  };
  const auto body = [&](std::int64_t i) {
    if (i == 1) {
      wait_for(1);
      stage = 2;
      throw std::out_of_range("item 1");
    }
    if (i == 100) {
      stage = 1;
      wait_for(2);
      for (int k = 0; k < 1000; ++k) sched_yield();  // until item 1's error is stored
      throw std::out_of_range("item 100");
    }
  };
  CHECK_THROWS_WITH_AS(exec::for_each(exec::Omp{3}, 200, costly, body), "item 1", std::out_of_range);
}

TEST_CASE("an exception of make_state is rethrown") {
  oracle::under_every_policy([](auto policy) {
    const auto broken = []() -> int { throw std::runtime_error("no state"); };
    CHECK_THROWS_WITH_AS(exec::for_each(policy, 9, costly, broken, [](int, std::int64_t) {}), "no state",
                         std::runtime_error);
  });
}

TEST_CASE("after an exception the next call works") {
  oracle::under_every_policy([](auto policy) {
    CHECK_THROWS(exec::for_each(policy, 9, costly, [](std::int64_t) { throw 1; }));
    std::atomic<int> calls{0};
    exec::for_each(policy, 9, costly, [&](std::int64_t) { ++calls; });
    CHECK(calls == 9);
  });
}

TEST_CASE("there is one state per thread at most, and every item has one to itself") {
  oracle::under_every_policy([](auto policy) {
    std::atomic<int> states{0}, shared{0};
    struct State {
      std::atomic<bool> busy{false};
    };
    exec::for_each(
        policy, 500, costly,
        [&] {
          ++states;
          return std::make_unique<State>();
        },
        [&](std::unique_ptr<State>& state, std::int64_t) {
          if (state->busy.exchange(true)) ++shared;
          state->busy = false;
        });
    CHECK(shared == 0);
    CHECK(states >= 1);
    CHECK(states <= 3);
  });
}

TEST_CASE("a state carries over from item to item on one thread, in order") {
  std::vector<std::int64_t> order;
  exec::for_each(
      exec::Seq{}, 5, costly, [] { return std::int64_t{100}; },
      [&](std::int64_t& state, std::int64_t i) { order.push_back(state++ + 10 * i); });
  CHECK(order == std::vector<std::int64_t>{100, 111, 122, 133, 144});
}

TEST_CASE("no state is made for no work") {
  oracle::under_every_policy([](auto policy) {
    int states = 0;
    exec::for_each(policy, 0, costly, [&] { return ++states; }, [](int, std::int64_t) {});
    CHECK(states == 0);
  });
}

TEST_CASE("nested use does the inner work on the thread of its item") {
  std::vector<std::int64_t> sums(20);
  exec::for_each(exec::Omp{3}, 20, costly, [&](std::int64_t i) {
    std::int64_t sum = 0;  // not atomic: the inner loop must stay on this thread
    exec::for_each(exec::Omp{3}, 100, costly, [&](std::int64_t k) { sum += i * k; });
    sums[static_cast<std::size_t>(i)] = sum;
  });
  for (std::int64_t i = 0; i < 20; ++i) CHECK(sums[static_cast<std::size_t>(i)] == i * 4950);
}

TEST_CASE("an exception of a nested call reaches the outermost caller") {
  oracle::under_every_policy([](auto policy) {
    const auto inner = [](std::int64_t k) { detail::require(k < 5, "inner item ", k); };
    CHECK(oracle::error_of([&] {
            exec::for_each(policy, 20, costly,
                           [&](std::int64_t) { exec::for_each(policy, 9, costly, inner); });
          }) == "inner item 5");
  });
}

TEST_CASE("a negative number of threads is refused") {
  CHECK(oracle::error_of([] { exec::for_each(exec::Omp{-2}, 3, costly, [](std::int64_t) {}); }) ==
        "exec::Omp: threads is -2, expected 0 (all) to 1024");
}

TEST_CASE("little work, however many threads are asked for, stays on one thread") {
  int states = 0;  // not atomic for that reason
  exec::for_each(exec::Omp{3}, 100, 1, [&] { return ++states; }, [](int, std::int64_t) {});
  CHECK(states == 1);
}

TEST_CASE("a forked child of a process that used threads does its work instead of hanging") {
  std::atomic<int> warm{0};
  exec::for_each(exec::Omp{3}, 100, costly, [&](std::int64_t) { ++warm; });
  REQUIRE(warm == 100);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    alarm(20);  // a hang is killed, and fails the parent's check
    std::int64_t sum = 0;
    exec::for_each(exec::Omp{3}, 100, costly, [&](std::int64_t i) { sum += i; });
    _exit(sum == 4950 ? 0 : 1);
  }
  int status = -1;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}
