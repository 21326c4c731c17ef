#include <vislabel/core/threshold.hpp>
#include <vislabel/cuda/mask/measure.cuh>
#include <vislabel/cuda/mask/pack.cuh>
#include <vislabel/cuda/mask/resize.cuh>
#include <vislabel/cuda/mask/runs.cuh>
#include <vislabel/cuda/mask/unpack.cuh>

#include "elements.cuh"

namespace vislabel::cuda::operations {

void pack(const Dense& dense, std::optional<double> threshold, std::optional<Size> size, std::uint32_t* words,
          Stream stream) {
  if (threshold) vislabel::detail::require_number(*threshold);
  const Size own{dense.shape[2], dense.shape[3]};
  vislabel::detail::require(threshold || !size || *size == own,
                            "only floats with a threshold can be resized");
  if (!threshold)
    return with_integers(dense, [&](const auto& pixels) { cuda::pack(pixels, NonZero(), words, stream); });
  with_floats(dense, [&]<class T>(const Pixels<const T, 4>& pixels) {
    if (size && *size != pixels.size())
      cuda::pack_resized(pixels, *threshold, *size, words, stream);
    else
      cuda::pack(pixels, Above<T>(*threshold), words, stream);
  });
}

void unpack(const std::uint32_t* words, const Dense& dense, Stream stream) {
  vislabel::detail::require(dense.element == Element::bits8, "dense has other elements than bytes");
  cuda::unpack(words, output_of<std::uint8_t>(dense), stream);
}

void measure(const std::uint32_t* words, const Layout& layout, std::int64_t count, std::int64_t* areas,
             PixelBox* boxes, Stream stream) {
  cuda::measure(words, layout, count, areas, boxes, stream);
}

void count_changes(const std::uint32_t* words, const Layout& layout, std::int64_t count,
                   std::uint32_t* before_column, std::int64_t* changes, std::int64_t* begin, Stream stream) {
  cuda::count_changes(words, layout, count, before_column, changes, begin, stream);
}

void write_changes(const std::uint32_t* words, const Layout& layout, std::int64_t count,
                   const std::uint32_t* before_column, const std::int64_t* begin, std::uint32_t* places,
                   Stream stream) {
  cuda::write_changes(words, layout, count, before_column, begin, places, stream);
}

void fill_changes(const std::uint32_t* places, const std::int64_t* begin, std::int64_t count,
                  const Layout& layout, std::uint32_t* words, Stream stream) {
  cuda::fill_changes(places, begin, count, layout, words, stream);
}

}  // namespace vislabel::cuda::operations
