/// The seam where instruction sets come in. An algorithm calls `detail::kernels()` and nothing else: OpenMP
/// outside, dispatch inside, one call per mask or pair of masks. Today there is one table, `portable`.
#pragma once

#include <cstdlib>
#include <string_view>
#include <vislabel/core/error.hpp>
#include <vislabel/core/kernels_portable.hpp>

namespace vislabel::detail {

/// The leaf kernels of one instruction set. What each computes is said in `core/kernels_portable.hpp`.
struct Kernels {
  const char* isa;
  void (*popcount_blocks)(const Block*, std::size_t, std::uint16_t*);
  std::uint64_t (*and_popcount_blocks)(const Block*, const Block*, const BlockPair*, std::size_t);
  void (*pack_row)(const std::uint8_t*, std::size_t, unsigned, std::uint8_t*);
  Block (*gather_block)(const std::uint8_t*, std::size_t);
  void (*unpack_rows)(const Block&, std::byte*, std::ptrdiff_t);
  std::uint32_t (*pack_column)(const std::uint8_t*);
  void (*unpack_column)(std::uint32_t, std::byte*);
};

inline constexpr Kernels portable_kernels{"portable",
                                          portable::popcount_blocks,
                                          portable::and_popcount_blocks,
                                          portable::pack_row,
                                          portable::gather_block,
                                          portable::unpack_rows,
                                          portable::pack_column,
                                          portable::unpack_column};

/// The table named by VISLABEL_ISA, or the best one that this machine can run. Chosen once.
inline const Kernels& kernels() {
  static const Kernels& chosen = []() -> const Kernels& {
    const char* wanted = std::getenv("VISLABEL_ISA");
    require(wanted == nullptr || std::string_view(wanted) == "portable", "VISLABEL_ISA is '", wanted,
            "', expected one of: portable");
    return portable_kernels;
  }();
  return chosen;
}

}  // namespace vislabel::detail
