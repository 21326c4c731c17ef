/// The seam where instruction sets come in. An algorithm calls `detail::kernels()` and nothing else: OpenMP
/// outside, dispatch inside, one call per block row, block column, run of bytes or pair of grids.
#pragma once

#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>
#include <vislabel/core/error.hpp>
#include <vislabel/core/kernels_avx2.hpp>
#include <vislabel/core/kernels_avx512.hpp>
#include <vislabel/core/kernels_portable.hpp>

namespace vislabel::detail {

/// The leaf kernels of one instruction set. What each computes is said in `core/kernels_portable.hpp`.
struct Kernels {
  const char* isa;
  void (*popcount_blocks)(const Block*, std::size_t, std::uint16_t*);
  std::uint64_t (*intersect)(const BlockGrid&, const BlockGrid&, std::size_t, std::size_t);
  BlockBits (*fill_blocks)(Block*, std::size_t, Block&);
  ColumnRows (*mark_changes)(const Block* const*, std::size_t, Block*);
  std::size_t (*pack_rows)(const std::uint8_t*, std::ptrdiff_t, std::size_t, std::size_t, Block*, BlockBits*);
  BlockBits (*pack_columns)(const std::uint8_t*, std::ptrdiff_t, std::size_t, std::size_t, Block*);
  std::size_t (*find_changes)(const std::uint8_t*, std::size_t, bool&, std::uint32_t*);
  void (*unpack_rows)(const Block&, std::byte*, std::ptrdiff_t);
  void (*unpack_column)(std::uint32_t, std::byte*);
};

inline constexpr Kernels portable_kernels{"portable",
                                          portable::popcount_blocks,
                                          portable::intersect,
                                          portable::fill_blocks,
                                          portable::mark_changes,
                                          portable::pack_rows,
                                          portable::pack_columns,
                                          portable::find_changes,
                                          portable::unpack_rows,
                                          portable::unpack_column};

#ifdef VISLABEL_HAS_X86_KERNELS
inline constexpr Kernels avx2_kernels{
    "avx2",          avx2::popcount_blocks, avx2::intersect,    avx2::fill_blocks, avx2::mark_changes,
    avx2::pack_rows, avx2::pack_columns,    avx2::find_changes, avx2::unpack_rows, avx2::unpack_column};

inline constexpr Kernels avx512_kernels{
    "avx512",        avx2::popcount_blocks, avx512::intersect,  avx2::fill_blocks, avx2::mark_changes,
    avx2::pack_rows, avx2::pack_columns,    avx2::find_changes, avx2::unpack_rows, avx2::unpack_column};
#endif

/// The tables that this machine can run, best last.
[[nodiscard]] inline std::vector<Kernels> available_kernels() {
  std::vector<Kernels> tables{portable_kernels};
#ifdef VISLABEL_HAS_X86_KERNELS
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("popcnt")) {
    tables.push_back(avx2_kernels);
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vpopcntdq") &&
        __builtin_cpu_supports("bmi2"))
      tables.push_back(avx512_kernels);
  }
#endif
  return tables;
}

/// The table named by VISLABEL_ISA (portable, avx2 or avx512), or the best one that this machine can run.
/// Chosen once.
inline const Kernels& kernels() {
  static const Kernels chosen = [] {
    const std::vector<Kernels> tables = available_kernels();
    const char* wanted = std::getenv("VISLABEL_ISA");
    if (wanted == nullptr) return tables.back();
    std::string names;
    for (const Kernels& table : tables) {
      if (std::string_view(wanted) == table.isa) return table;
      names += (names.empty() ? "" : ", ") + std::string(table.isa);
    }
    fail("VISLABEL_ISA is '", wanted, "', expected what this machine can run: ", names);
  }();
  return chosen;
}

}  // namespace vislabel::detail
