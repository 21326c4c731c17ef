/// COCO's compressed text form of run lengths: each run, from the fourth on the difference to the run two
/// before, as little-endian groups of 5 bits plus a continuation bit, offset by 48 into ASCII.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vislabel/core/scratch.hpp>
#include <vislabel/mask/rle.hpp>

namespace vislabel {

namespace detail {

/// Writes the text of run lengths, one mask after the other, into memory that it keeps.
class TextWriter {
 public:
  /// The text, valid until the next call.
  [[nodiscard]] std::string_view write(std::span<const std::uint32_t> counts) {
    constexpr std::size_t most_characters = 7;  // of one difference of 32-bit numbers
    char* const begin = buffer_.room(counts.size() * most_characters);
    char* out = begin;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      auto x = static_cast<std::int64_t>(counts[i]);
      if (i > 2) x -= counts[i - 2];
      for (; x < -16 || x > 15; x >>= 5)  // 5 bits with a sign in the last group
        *out++ = static_cast<char>((x & 0x1f) + 0x20 + 48);
      *out++ = static_cast<char>((x & 0x1f) + 48);
    }
    return {begin, static_cast<std::size_t>(out - begin)};
  }

 private:
  Scratch<char> buffer_;
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
      require(at_ < text_.size(), "the text ends inside a run length, at character ", text_.size());
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

/// Reads the run lengths of texts, one after the other, into memory that it keeps.
class RunReader {
 public:
  /// The run lengths of `text`, canonical, valid until the next call. Errors as `from_text`.
  [[nodiscard]] std::span<const std::uint32_t> read(Size size, std::string_view text) {
    std::uint32_t* const runs = runs_.room(text.size());  // a run has at least one character
    const std::size_t count = read_plain(text, static_cast<std::uint64_t>(size.pixels()), runs);
    return count > 0 ? std::span<const std::uint32_t>(runs, count) : read_carefully(size, text, runs);
  }

  /// The same of run lengths as found in files. Errors as `Rle::from_counts`.
  template <class Integer>
  [[nodiscard]] std::span<const std::uint32_t> read(Size size, std::span<const Integer> counts) {
    rle_ = Rle::from_counts(size, counts);
    return rle_.counts();
  }

 private:
  /// The number of runs in the usual case, quickly. 0 where there is an error, or a run of length 0 behind
  /// the first.
  [[nodiscard]] static std::size_t read_plain(std::string_view text, std::uint64_t pixels,
                                              std::uint32_t* runs) {
    const char *at = text.data(), *const end = at + text.size();
    std::uint32_t* out = runs;
    std::uint64_t sum = 0, seen = 0;
    std::size_t zeros = 0;
    for (; at != end; ++out) {
      std::uint64_t run = static_cast<std::uint64_t>(static_cast<unsigned char>(*at)) - 48;
      if (run < 32) {  // most numbers are one character
        run = (run ^ 16) - 16;
        ++at;
      } else if (!read_long(at, end, run)) {
        return 0;
      }
      if (out > runs + 2) run += out[-2];
      sum += run, seen |= run, zeros += run == 0 ? 1 : 0;
      *out = static_cast<std::uint32_t>(run);
    }
    const bool plain = out != runs && sum == pixels && seen >> 32 == 0 && zeros == (runs[0] == 0 ? 1U : 0U);
    return plain ? static_cast<std::size_t>(out - runs) : 0;
  }

  /// A number of up to seven characters.
  [[nodiscard]] static bool read_long(const char*& at, const char* end, std::uint64_t& number) {
    number = 0;
    for (unsigned shift = 0; shift < 35 && at != end; shift += 5) {
      const std::uint64_t group = static_cast<std::uint64_t>(static_cast<unsigned char>(*at++)) - 48;
      number |= (group & 0x1f) << shift;
      if (group >= 64) return false;
      if (group >= 32) continue;
      const std::uint64_t sign = std::uint64_t{1} << (shift + 4);
      number = (number ^ sign) - sign;
      return true;
    }
    return false;
  }

  /// Run by run, with the error where it is.
  [[nodiscard]] std::span<const std::uint32_t> read_carefully(Size size, std::string_view text,
                                                              std::uint32_t* runs) {
    TextReader reader(text);
    const std::int64_t pixels = size.pixels();
    std::int64_t sum = 0;
    std::size_t i = 0;
    for (; !reader.done(); ++i) {
      std::int64_t run = reader.next();
      if (i > 2) run += runs[i - 2];
      require(run >= 0, "run ", i, " is ", run, ", expected at least 0");
      require(run <= pixels - sum, "the runs up to run ", i, " add up to more than height x width (", size,
              " = ", pixels, ")");
      sum += run;
      runs[i] = static_cast<std::uint32_t>(run);
    }
    require(sum == pixels, "the runs add up to ", sum, ", expected height x width (", size, " = ", pixels,
            ")");
    return read(size, std::span<const std::uint32_t>(runs, i));
  }

  Scratch<std::uint32_t> runs_;
  Rle rle_;
};

}  // namespace detail

/// Reads COCO's text form.
///
/// *Errors*: characters outside '0'..'o'; text that ends inside a number; numbers beyond 60 bits; negative
/// runs; runs that do not add up to height x width.
[[nodiscard]] inline Rle from_text(Size size, std::string_view text) {
  detail::require_size(size);
  return detail::RleAccess::trusted(size, detail::RunReader().read(size, text));
}

}  // namespace vislabel
