/// What the fuzz targets share: masks drawn from the fuzzer's bytes, and how a finding ends the program.
#pragma once

#include <fuzzer/FuzzedDataProvider.h>

#include <cstdio>
#include <cstdlib>
#include <oracle.hpp>

namespace given {

/// libFuzzer keeps the input of a program that aborts.
inline void check(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "not so: %s\n", what);
  std::abort();
}

/// A few blocks (32 x 16) in either direction, or long and thin: beyond the 1024 columns of an occupancy
/// word.
inline vislabel::Size small_size(FuzzedDataProvider& bytes) {
  const auto to = [&](std::int64_t most) { return bytes.ConsumeIntegralInRange<std::int64_t>(0, most); };
  const std::int64_t shape = to(31), long_side = shape < 2 ? to(2100) : 0;
  if (shape == 0) return {to(3), long_side};
  if (shape == 1) return {long_side, to(3)};
  return {to(70), to(40)};
}

/// Rectangles set, cleared, inverted or dotted, one over the other.
inline oracle::Dense drawn(FuzzedDataProvider& bytes, vislabel::Size size) {
  oracle::Dense mask(size);
  for (int strokes = bytes.ConsumeIntegralInRange(0, 6); strokes > 0; --strokes) {
    const int kind = bytes.ConsumeIntegralInRange(0, 3);
    const auto y0 = bytes.ConsumeIntegralInRange<std::int64_t>(0, size.height);
    const auto x0 = bytes.ConsumeIntegralInRange<std::int64_t>(0, size.width);
    const auto y1 = bytes.ConsumeIntegralInRange(y0, size.height);
    const auto x1 = bytes.ConsumeIntegralInRange(x0, size.width);
    for (std::int64_t y = y0; y < y1; ++y)
      for (std::int64_t x = x0; x < x1; ++x) {
        const bool pixel = mask(y, x) != 0;
        mask(y, x) = kind == 0 || (kind == 1 && !pixel) || (kind == 2 && (x + y) % 2 == 1) ? 1 : 0;
      }
  }
  return mask;
}

/// Ends the program where this machine cannot run the kernels that VISLABEL_ISA names: the test is skipped
/// then.
inline int require_kernels() {
  const std::string refusal = oracle::error_of([] { return vislabel::detail::kernels().isa; });
  if (refusal == "(no error)") return 0;
  std::puts(refusal.c_str());
  std::exit(1);
}

}  // namespace given
