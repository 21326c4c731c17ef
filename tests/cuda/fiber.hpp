// One thread of a block in emulation: a function that can be stopped in the middle, and gone on with. Our own
// fourteen instructions, on the one architecture that machines with GPUs mostly have, instead of a library,
// so that emulation needs no package where kernels are compared with it; and instead of swapcontext, whose
// two system calls take a hundred times as long.
#pragma once

#include <array>
#include <cstddef>
#include <cstring>
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

#if !defined(__x86_64__)
#error "The emulator of CUDA's kernels runs on x86-64."
#endif

// Saves the registers that a function must keep on its stack, and goes on where another one did that.
extern "C" void emulated_switch_stack(void** save_here, void* go_on_there);
asm(R"(
.text
.ifndef emulated_switch_stack  # link-time optimisation puts several sources into one
.weak emulated_switch_stack
emulated_switch_stack:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.endif
)");

namespace emulated {

// A stack that can be used by one function after the other.
class Stack {
 public:
  [[nodiscard]] std::byte* bottom() const { return memory_.get(); }
  static constexpr std::size_t size = std::size_t{1} << 16;

 private:
  std::unique_ptr<std::byte[]> memory_ =
      std::make_unique_for_overwrite<std::byte[]>(size);  // at a multiple of 16 bytes
};

class Fiber {
 public:
  Fiber(const Stack& stack, std::function<void()> function) : stack_(&stack), function_(std::move(function)) {
    // As if `start` had been called by nobody, and had been stopped at once: six registers, where to go, a
    // return address.
    std::array<void*, 8> frame{};
    frame[6] = reinterpret_cast<void*>(&Fiber::start);
    inside_ = stack.bottom() + Stack::size - sizeof frame;  // which leaves the stack aligned as calls do
    std::memcpy(inside_, frame.data(), sizeof frame);
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

  static void start() { starting()->run(); }
  static Fiber*& starting() {
    thread_local Fiber* fiber = nullptr;
    return fiber;
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
    if (!std::exchange(started_, true)) starting() = this;
    emulated_switch_stack(&caller_, inside_);
#ifdef EMULATED_ASAN
    __sanitizer_finish_switch_fiber(fake, nullptr, nullptr);
#endif
  }

  void leave() {
    void* fake = nullptr;
#ifdef EMULATED_ASAN
    __sanitizer_start_switch_fiber(done_ ? nullptr : &fake, callers_bottom_, callers_size_);
#endif
    emulated_switch_stack(&inside_, caller_);
    entered(fake);
  }

  void entered([[maybe_unused]] void* fake) {
#ifdef EMULATED_ASAN
    __sanitizer_finish_switch_fiber(fake, &callers_bottom_, &callers_size_);
#endif
  }

  const Stack* stack_;
  std::function<void()> function_;
  void *caller_ = nullptr, *inside_ = nullptr;  // the stacks of the two, where they are stopped
  std::exception_ptr error_;
  bool started_ = false, done_ = false, abandoned_ = false;
#ifdef EMULATED_ASAN
  const void* callers_bottom_ = nullptr;
  std::size_t callers_size_ = 0;
#endif
};

}  // namespace emulated
