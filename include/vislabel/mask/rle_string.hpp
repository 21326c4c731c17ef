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

/// Reads COCO's text form.
///
/// *Errors*: characters outside '0'..'o'; text that ends inside a number; numbers beyond 64 bits; negative
/// runs; runs that do not add up to height x width.
[[nodiscard]] inline Rle from_text(Size size, std::string_view text) {
  std::vector<std::int64_t> counts;
  counts.reserve(text.size() / 2 + 1);
  for (std::size_t at = 0; at < text.size();) {
    std::int64_t x = 0;
    unsigned shift = 0;
    for (bool more = true; more; ++at, shift += 5) {
      detail::require(at < text.size(), "the text ends inside a run length (", text.size(), " characters)");
      const auto group = static_cast<unsigned>(static_cast<unsigned char>(text[at])) - 48U;
      detail::require(group < 64, "character ", at, " of the text has code ",
                      static_cast<unsigned>(static_cast<unsigned char>(text[at])), ", expected 48 to 111");
      detail::require(shift < 60, "the number at character ", at, " of the text overflows");
      x |= static_cast<std::int64_t>(group & 0x1f) << shift;
      more = (group & 0x20) != 0;
      if (!more && (group & 0x10) != 0) x |= -(std::int64_t{1} << (shift + 5));
    }
    if (counts.size() > 2) {
      const std::int64_t before = counts[counts.size() - 2];
      detail::require(x <= INT64_MAX - before, "the number before character ", at, " of the text overflows");
      x += before;
    }
    counts.push_back(x);
  }
  return Rle::from_counts<std::int64_t>(size, counts);
}

}  // namespace vislabel
