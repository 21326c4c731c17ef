/// Memory for intermediate results, kept from one mask to the next.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <type_traits>

namespace vislabel::detail {

/// A growing array whose new elements are left as they are: unlike std::vector it never clears memory that is
/// about to be written.
template <class T>
class Scratch {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  /// Room for `count` elements; the first `used` keep their values.
  T* room(std::size_t count, std::size_t used = 0) {
    if (count > capacity_) {
      const std::size_t capacity = std::max(count, capacity_ + capacity_ / 2);
      auto memory = std::make_unique_for_overwrite<T[]>(capacity);
      std::copy_n(memory_.get(), used, memory.get());
      memory_ = std::move(memory);
      capacity_ = capacity;
    }
    return memory_.get();
  }

 private:
  std::unique_ptr<T[]> memory_;
  std::size_t capacity_ = 0;
};

}  // namespace vislabel::detail
