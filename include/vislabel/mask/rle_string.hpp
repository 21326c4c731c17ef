/// COCO's compressed text form of run lengths: each run, from the fourth on the difference to the run two
/// before, as little-endian groups of 5 bits plus a continuation bit, offset by 48 into ASCII.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>
#include <vislabel/mask/rle.hpp>

namespace vislabel {

namespace detail {

/// Writes the text of run lengths, one mask after the other, into memory that it keeps.
class TextWriter {
 public:
  /// The text, valid until the next call.
  [[nodiscard]] std::string_view write(std::span<const std::uint32_t> counts) {
    constexpr std::size_t most_characters = 7;  // of one difference of 32-bit numbers
    if (buffer_.size() < counts.size() * most_characters) buffer_.resize(counts.size() * most_characters);
    char* out = buffer_.data();
    for (std::size_t i = 0; i < counts.size(); ++i) {
      auto x = static_cast<std::int64_t>(counts[i]);
      if (i > 2) x -= counts[i - 2];
      while (x < -16 || x > 15) {  // 5 bits with a sign in the last group
        *out++ = static_cast<char>((x & 0x1f) + 0x20 + 48);
        x >>= 5;
      }
      *out++ = static_cast<char>((x & 0x1f) + 48);
    }
    return {buffer_.data(), static_cast<std::size_t>(out - buffer_.data())};
  }

 private:
  std::vector<char> buffer_;
};

}  // namespace detail

/// The text of a mask, as `pycocotools.mask.encode` writes it.
[[nodiscard]] inline std::string to_text(const Rle& rle) {
  return std::string(detail::TextWriter().write(rle.counts()));
}

namespace detail {

/// Reads the numbers of COCO's text one by one.
class TextReader {
 public:
  explicit TextReader(std::string_view text) : text_(text) {}

  [[nodiscard]] bool done() const { return at_ == text_.size(); }
  [[nodiscard]] std::size_t at() const { return at_; }

  /// The next number, which is a difference from the fourth on.
  [[nodiscard]] std::int64_t next() {
    if (at_ < text_.size()) {  // most numbers are one character
      const unsigned group = static_cast<unsigned>(static_cast<unsigned char>(text_[at_])) - 48U;
      if (group < 32) return ++at_, static_cast<std::int64_t>(group ^ 16) - 16;
    }
    std::int64_t x = 0;
    unsigned shift = 0;
    while (true) {
      require(at_ < text_.size(), "the text ends inside a run length (", text_.size(), " characters)");
      const auto code = static_cast<unsigned>(static_cast<unsigned char>(text_[at_]));
      const unsigned group = code - 48U;
      require(group < 64, "character ", at_, " of the text has code ", code, ", expected 48 to 111");
      require(shift < 60, "the number at character ", at_, " of the text overflows");
      ++at_;
      x |= static_cast<std::int64_t>(group & 0x1f) << shift;
      shift += 5;
      if ((group & 0x20) != 0) continue;
      const std::int64_t sign = std::int64_t{1} << (shift - 1);  // bit 4 of the last group
      return (x ^ sign) - sign;
    }
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace detail

/// Reads COCO's text form.
///
/// *Errors*: characters outside '0'..'o'; text that ends inside a number; numbers beyond 60 bits; negative
/// runs; runs that do not add up to height x width.
[[nodiscard]] inline Rle from_text(Size size, std::string_view text) {
  detail::require_size(size);
  detail::TextReader reader(text);
  const std::int64_t pixels = size.pixels();
  std::vector<std::uint32_t> counts(text.size());  // at least one character a run
  std::int64_t sum = 0;
  bool canonical = true;
  std::size_t i = 0;
  for (; !reader.done(); ++i) {
    std::int64_t run = reader.next();
    if (i > 2) run += counts[i - 2];
    detail::require(run >= 0, "run ", i, " is ", run, ", expected at least 0");
    detail::require(run <= pixels - sum, "the runs up to run ", i, " add up to more than height x width (",
                    size, " = ", pixels, ")");
    sum += run;
    canonical &= run > 0 || i == 0;
    counts[i] = static_cast<std::uint32_t>(run);
  }
  counts.resize(i);
  detail::require(sum == pixels, "the runs add up to ", sum, ", expected height x width (", size, " = ",
                  pixels, ")");
  if (canonical && !counts.empty()) return detail::RleAccess::trusted(size, counts);
  return Rle::from_counts<std::uint32_t>(size, counts);
}

}  // namespace vislabel
