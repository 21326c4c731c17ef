/// xtensor containers and views as `Pixels`, without a copy. Nothing else of the library includes xtensor: it
/// costs 6 to 10 seconds per translation unit.
#pragma once

#if __has_include(<xtensor/containers/xtensor.hpp>)
#include <xtensor/containers/xarray.hpp>
#include <xtensor/containers/xtensor.hpp>
#include <xtensor/views/xview.hpp>
#else
#include <xtensor/xarray.hpp>
#include <xtensor/xtensor.hpp>
#include <xtensor/xview.hpp>
#endif

#include <vislabel/core/pixels.hpp>

namespace vislabel {

/// A strided view of an xtensor container, adaptor or strided view with D axes ([H, W], [N, H, W], [N, T, H,
/// W]). A const expression gives a view for input, any other one a view for output.
///
/// *Errors*: the expression does not have D axes.
template <std::size_t D, class E>
[[nodiscard]] auto pixels(E& expression) {
  using T = std::remove_pointer_t<decltype(expression.data())>;
  detail::require(expression.dimension() == D, "pixels: the expression has ", expression.dimension(),
                  " axes, expected ", D);
  Pixels<T, D> view;
  view.data = reinterpret_cast<typename Pixels<T, D>::Bytes*>(expression.data() + expression.data_offset());
  for (std::size_t axis = 0; axis < D; ++axis) {
    view.shape[axis] = static_cast<std::int64_t>(expression.shape()[axis]);
    view.strides[axis] = static_cast<std::ptrdiff_t>(expression.strides()[axis]) * std::ptrdiff_t{sizeof(T)};
  }
  return view;
}

}  // namespace vislabel
