/// COCO's run-length encoding: run lengths of alternating colour in column-major order, zeros first.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>
#include <vislabel/core/box.hpp>
#include <vislabel/core/error.hpp>
#include <vislabel/core/size.hpp>

namespace vislabel {

namespace detail {
struct RleAccess;
}

/// A validated, canonical run-length encoded mask: the runs add up to height x width and only the first one
/// may be 0 (a mask without pixels of an empty frame is the single run 0).
class Rle {
 public:
  /// The mask of size 0 x 0.
  Rle() : counts_{0} {}

  /// From run lengths as found in files. Zero-length runs are legal and vanish: [5, 0, 3] becomes [8].
  ///
  /// *Shapes*: `counts` any length; their sum is size.height * size.width.
  /// *Errors*: a negative run; runs that do not add up; a size beyond the limits of `Size`.
  template <class Integer>
  [[nodiscard]] static Rle from_counts(Size size, std::span<const Integer> counts) {
    detail::require_size(size);
    Rle rle(size);
    if (rle.take_plain(counts)) return rle;
    const auto pixels = static_cast<std::uint64_t>(size.pixels());
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      if constexpr (std::is_signed_v<Integer>)
        detail::require(counts[i] >= 0, "run ", i, " is ", counts[i], ", expected at least 0");
      const auto run = static_cast<std::uint64_t>(counts[i]);
      detail::require(run <= pixels - sum, "the runs up to run ", i, " add up to more than height x width (",
                      size, " = ", pixels, ")");
      rle.append(static_cast<std::uint32_t>(run), i % 2 == 1);
      sum += run;
    }
    detail::require(sum == pixels, "the runs add up to ", sum, ", expected height x width (", size, " = ",
                    pixels, ")");
    return std::move(rle).finished();
  }

  [[nodiscard]] Size size() const { return size_; }
  /// Run lengths, canonical: zeros, ones, zeros, ..
  [[nodiscard]] std::span<const std::uint32_t> counts() const { return counts_; }
  friend bool operator==(const Rle&, const Rle&) = default;

 private:
  friend struct detail::RleAccess;
  explicit Rle(Size size) : size_(size) {}

  /// The usual case, quickly. False, and no runs, where there is an error or a run of length 0 behind the
  /// first.
  template <class Integer>
  [[nodiscard]] bool take_plain(std::span<const Integer> counts) {
    std::uint64_t sum = 0, seen = 0;
    std::size_t zeros = 0;
    counts_.resize(counts.size());
    for (std::size_t i = 0; i < counts.size(); ++i) {
      const auto run = static_cast<std::uint64_t>(counts[i]);  // negative: a large number
      sum += run, seen |= run, zeros += run == 0 ? 1 : 0;
      counts_[i] = static_cast<std::uint32_t>(run);
    }
    const bool plain = !counts.empty() && sum == static_cast<std::uint64_t>(size_.pixels()) &&
                       seen >> 32 == 0 && zeros == (counts[0] == 0 ? 1U : 0U);
    if (!plain) counts_.clear();
    return plain;
  }

  /// Adds a run of ones or zeros; the same colour as before lengthens the last run.
  void append(std::uint32_t run, bool ones) {
    if (run == 0) return;
    if (counts_.empty() && ones) counts_.push_back(0);
    const bool next_is_ones = counts_.size() % 2 == 1;
    if (ones == next_is_ones)
      counts_.push_back(run);
    else
      counts_.back() += run;
  }

  [[nodiscard]] Rle finished() && {
    if (counts_.empty()) counts_.push_back(0);
    return std::move(*this);
  }

  Size size_;
  std::vector<std::uint32_t> counts_;
};

namespace detail {

/// Turns the `used` places where the colour changes into canonical run lengths, in place. There is room for
/// one more.
[[nodiscard]] inline std::span<const std::uint32_t> lengths(std::uint32_t* changes, std::size_t used,
                                                            std::size_t pixels) {
  if (used > 0 && changes[used - 1] == pixels) --used;  // no pixel follows
  changes[used] = static_cast<std::uint32_t>(pixels) - (used > 0 ? changes[used - 1] : 0U);
  for (std::size_t i = used; i-- > 1;) changes[i] -= changes[i - 1];
  return {changes, used + 1};
}

/// For the library's own encoders, whose run lengths are canonical by construction.
struct RleAccess {
  static Rle trusted(Size size, std::span<const std::uint32_t> counts) {
    Rle rle(size);
    rle.counts_.assign(counts.begin(), counts.end());
    return rle;
  }
};

}  // namespace detail
}  // namespace vislabel
