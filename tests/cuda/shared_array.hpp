// Shared memory in emulation: every access is looked at. Two threads that meet at one element without a
// barrier between them, one of them writing, are a defect, whatever the order in which they happened to run.
#pragma once

#include <algorithm>
#include <block.hpp>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace emulated {

enum class Access : std::uint8_t { read, write, atomic };

// Who touched an element since the last barrier of the block.
class History {
 public:
  // *Errors*: another thread's access that may happen before or after.
  void record(Access kind, const Block& from, const char* name, std::size_t index, Site site) {
    if (epoch_ != from.block_epoch()) entries_.clear(), epoch_ = from.block_epoch();
    if (kind == Access::read && !written_)
      throw Defect(place(name, index, site) + " is read before anything was written there");
    written_ = written_ || kind != Access::read;
    const auto thread = static_cast<std::int32_t>(from.thread());
    Entry* own = nullptr;
    for (Entry& entry : entries_) {
      const bool same_warp = entry.warp == from.warp();
      const bool harmless = entry.kind == kind && kind != Access::write;
      const bool ordered = same_warp && (entry.thread == thread || entry.warp_epoch != from.warp_epoch());
      if (!harmless && !ordered)
        throw Defect("race: " + place(name, index, site) + " is " + words(kind) + " by thread " +
                     std::to_string(thread) + " and " + words(entry.kind) + " by " + who(entry) +
                     " without a barrier between");
      if (same_warp && entry.kind == kind) own = &entry;
    }
    if (own == nullptr)
      entries_.push_back({kind, from.warp(), from.warp_epoch(), thread});
    else if (own->warp_epoch != from.warp_epoch())
      own->warp_epoch = from.warp_epoch(), own->thread = thread;
    else if (own->thread != thread)
      own->thread = several;
  }

 private:
  static constexpr std::int32_t several = -1;  // of one warp

  struct Entry {
    Access kind;
    unsigned warp;
    std::uint32_t warp_epoch;
    std::int32_t thread;
  };

  static std::string words(Access kind) {
    return kind == Access::read ? "read" : kind == Access::write ? "written" : "changed atomically";
  }
  static std::string who(const Entry& entry) {
    return entry.thread == several ? "several threads of warp " + std::to_string(entry.warp)
                                   : "thread " + std::to_string(entry.thread);
  }
  static std::string place(const char* name, std::size_t index, Site site) {
    return std::string(name) + "[" + std::to_string(index) + "] of " + site.text();
  }

  std::uint32_t epoch_ = 0;
  bool written_ = false;
  std::vector<Entry> entries_;
};

// What VISLABEL_SHARED declares.
template <class T>
class SharedArray {
 public:
  static_assert(std::is_trivially_copyable_v<T>);

  SharedArray(std::size_t count, const char* name, Site site)
      : name_(name),
        site_(site),
        values_(std::make_unique_for_overwrite<T[]>(count)),
        count_(count),
        history_(count) {}

  // An element as an expression sees it: read when it becomes a value, written when it is assigned to.
  class Element {
   public:
    Element(SharedArray& array, std::size_t index) : array_(array), index_(index) {}
    Element(const Element&) = default;
    ~Element() = default;
    operator T() const { return array_.touch(Access::read, index_); }  // NOLINT(google-explicit-constructor)
    Element& operator=(T value) {
      array_.touch(Access::write, index_) = value;
      return *this;
    }
    Element& operator=(const Element& other) {
      return *this = static_cast<T>(other);
    }  // NOLINT(*-assignment*)
    Element& operator+=(T value) { return *this = static_cast<T>(static_cast<T>(*this) + value); }
    Element& operator|=(T value) { return *this = static_cast<T>(static_cast<T>(*this) | value); }
    // For atomics.
    struct Address {
      SharedArray& array;
      std::size_t index;
    };
    Address operator&() const { return {array_, index_}; }  // NOLINT(google-runtime-operator)

   private:
    SharedArray& array_;
    std::size_t index_;
  };

  template <class I>
  Element operator[](I index) {
    if (static_cast<std::size_t>(index) >= count_)
      throw Defect(std::string(name_) + "[" + std::to_string(index) + "] of " + site_.text() + " has " +
                   std::to_string(count_) + " elements");
    return {*this, static_cast<std::size_t>(index)};
  }

  T& touch(Access kind, std::size_t index) {
    history_[index].record(kind, *running, name_, index, site_);
    return values_[index];
  }

  [[nodiscard]] std::size_t bytes() const { return count_ * sizeof(T); }

 private:
  const char* name_;
  Site site_;
  std::unique_ptr<T[]> values_;
  std::size_t count_;
  std::vector<History> history_;
};

// All shared arrays of one block.
class SharedMemory {
 public:
  // The same one for every thread that comes by. A function's name says for which types a template is one.
  template <class T>
  SharedArray<T>& array(std::size_t count, const char* name, const std::source_location& location) {
    const Key key{location.function_name(), {location.line(), location.column()}};
    auto& entry = arrays_[key];
    if (!entry) {
      auto made = std::make_shared<SharedArray<T>>(count, name, site_of(location));
      bytes_ += made->bytes();
      if (bytes_ > most_bytes)
        throw Defect("shared memory of " + std::to_string(bytes_) + " bytes, expected at most 48 KiB");
      entry = std::move(made);
    }
    return *static_cast<SharedArray<T>*>(entry.get());
  }

 private:
  using Key = std::pair<std::string, std::pair<unsigned, unsigned>>;
  static constexpr std::size_t most_bytes = 48 * 1024;
  std::map<Key, std::shared_ptr<void>> arrays_;
  std::size_t bytes_ = 0;
};

}  // namespace emulated

#define VISLABEL_SHARED(type, name, count) \
  emulated::SharedArray<type>& name =      \
      emulated::running->shared().array<type>(count, #name, std::source_location::current())
