// One thread of a block in emulation: a function that can be stopped in the middle, and gone on with. The C
// library makes its stack (makecontext) and jumps between the two (_setjmp, which leaves signals alone;
// swapcontext takes two system calls and fifty times as long): emulation needs no package where kernels are
// compared with it, on a machine with a GPU.
#pragma once

#include <setjmp.h>
#include <ucontext.h>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <utility>

#if defined(__SANITIZE_ADDRESS__)
#define EMULATED_ASAN
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define EMULATED_ASAN
#endif
#endif
#ifdef EMULATED_ASAN
#include <sanitizer/common_interface_defs.h>
#endif

namespace emulated {

// A stack that can be used by one function after the other.
class Stack {
 public:
  [[nodiscard]] std::byte* bottom() const { return memory_.get(); }
  static constexpr std::size_t size = std::size_t{1} << 16;

 private:
  std::unique_ptr<std::byte[]> memory_ = std::make_unique_for_overwrite<std::byte[]>(size);
};

class Fiber {
 public:
  Fiber(const Stack& stack, std::function<void()> function) : stack_(&stack), function_(std::move(function)) {
    getcontext(&own_);
    own_.uc_stack.ss_sp = stack.bottom();
    own_.uc_stack.ss_size = Stack::size;
    own_.uc_link = nullptr;
    const auto address = reinterpret_cast<std::uintptr_t>(this);  // makecontext passes ints
    makecontext(&own_, reinterpret_cast<void (*)()>(&Fiber::start), 2, static_cast<unsigned>(address >> 32),
                static_cast<unsigned>(address));
  }
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;
  ~Fiber() {  // a function that is in its middle is unwound
    abandoned_ = true;
    if (started_ && !done_) enter();
  }

  // Runs the function until it stops or ends. *Errors*: its own.
  void resume() {
    enter();
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
  }

  // Stops; called by the function itself.
  void stop() {
    leave();
    if (abandoned_) throw Abandoned();
  }

  [[nodiscard]] bool done() const { return done_; }

 private:
  struct Abandoned {};

  static void start(unsigned high, unsigned low) {
    // NOLINTNEXTLINE(performance-no-int-to-ptr)
    reinterpret_cast<Fiber*>(static_cast<std::uintptr_t>(high) << 32 | low)->run();
  }

  void run() {
    entered(nullptr);
    try {
      function_();
    } catch (const Abandoned&) {
    } catch (...) {
      error_ = std::current_exception();
    }
    done_ = true;
    leave();
  }

  // AddressSanitizer wants to know which stack is in use.
  void enter() {
#ifdef EMULATED_ASAN
    void* fake = nullptr;
    __sanitizer_start_switch_fiber(&fake, stack_->bottom(), Stack::size);
#endif
    if (_setjmp(caller_) == 0) {
      if (started_) _longjmp(inside_, 1);
      started_ = true;
      setcontext(&own_);
    }
#ifdef EMULATED_ASAN
    __sanitizer_finish_switch_fiber(fake, nullptr, nullptr);
#endif
  }

  void leave() {
    void* fake = nullptr;
#ifdef EMULATED_ASAN
    __sanitizer_start_switch_fiber(done_ ? nullptr : &fake, callers_bottom_, callers_size_);
#endif
    if (_setjmp(inside_) == 0) _longjmp(caller_, 1);
    entered(fake);
  }

  void entered([[maybe_unused]] void* fake) {
#ifdef EMULATED_ASAN
    __sanitizer_finish_switch_fiber(fake, &callers_bottom_, &callers_size_);
#endif
  }

  const Stack* stack_;
  std::function<void()> function_;
  ucontext_t own_{};
  jmp_buf caller_{}, inside_{};
  std::exception_ptr error_;
  bool started_ = false, done_ = false, abandoned_ = false;
#ifdef EMULATED_ASAN
  const void* callers_bottom_ = nullptr;
  std::size_t callers_size_ = 0;
#endif
};

}  // namespace emulated
