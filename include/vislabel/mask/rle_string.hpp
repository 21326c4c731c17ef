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

/// Reads the run lengths of texts, one after the other, into memory that it keeps.
class RunReader {
 public:
  /// The run lengths of `text`, canonical, valid until the next call. Errors as `from_text`.
  [[nodiscard]] std::span<const std::uint32_t> read(Size size, std::string_view text) {
    if (runs_.size() < text.size()) runs_.resize(2 * text.size());  // a run has at least one character
    if (!read_plain(text, static_cast<std::uint64_t>(size.pixels()))) read_carefully(size, text);
    return {runs_.data(), count_};
  }

  /// The same of run lengths as found in files. Errors as `Rle::from_counts`.
  template <class Integer>
  [[nodiscard]] std::span<const std::uint32_t> read(Size size, std::span<const Integer> counts) {
    rle_ = Rle::from_counts(size, counts);
    return rle_.counts();
  }

 private:
  /// The usual case, quickly. False where there is an error, or a run of length 0 behind the first.
  [[nodiscard]] bool read_plain(std::string_view text, std::uint64_t pixels) {
    const char *at = text.data(), *const end = at + text.size();
    std::uint32_t *const runs = runs_.data(), *out = runs;
    std::uint64_t sum = 0, seen = 0;
    std::size_t zeros = 0;
    for (; at != end; ++out) {
      std::uint64_t run = static_cast<std::uint64_t>(static_cast<unsigned char>(*at)) - 48;
      if (run < 32) {  // most numbers are one character
        run = (run ^ 16) - 16;
        ++at;
      } else if (!read_long(at, end, run)) {
        return false;
      }
      if (out > runs + 2) run += out[-2];
      sum += run, seen |= run, zeros += run == 0 ? 1 : 0;
      *out = static_cast<std::uint32_t>(run);
    }
    count_ = static_cast<std::size_t>(out - runs);
    return count_ > 0 && sum == pixels && seen >> 32 == 0 && zeros == (runs[0] == 0 ? 1U : 0U);
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
  void read_carefully(Size size, std::string_view text) {
    TextReader reader(text);
    const std::int64_t pixels = size.pixels();
    std::int64_t sum = 0;
    count_ = 0;
    for (; !reader.done(); ++count_) {
      std::int64_t run = reader.next();
      if (count_ > 2) run += runs_[count_ - 2];
      require(run >= 0, "run ", count_, " is ", run, ", expected at least 0");
      require(run <= pixels - sum, "the runs up to run ", count_, " add up to more than height x width (", size,
              " = ", pixels, ")");
      sum += run;
      runs_[count_] = static_cast<std::uint32_t>(run);
    }
    require(sum == pixels, "the runs add up to ", sum, ", expected height x width (", size, " = ", pixels, ")");
    const auto canonical = Rle::from_counts<std::uint32_t>(size, std::span(runs_).first(count_));
    runs_.assign(canonical.counts().begin(), canonical.counts().end());
    count_ = runs_.size();
  }

  std::vector<std::uint32_t> runs_;
  std::size_t count_ = 0;
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
